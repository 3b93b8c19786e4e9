"""The errors a user can meet; each is one line with what, where and the remedy."""

from typing import ClassVar


def one_line(text: str) -> str:
    """What may come from users or others' files, without what would break the line or garble a terminal."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


class QuadnetError(Exception):
    """An error that is explained to the user in one line; `exit_code` is the command's."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


class ConfigurationError(QuadnetError):
    """A value of the configuration, or the file it stands in, cannot be used."""

    exit_code: ClassVar[int] = 2
