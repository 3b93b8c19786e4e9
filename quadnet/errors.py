"""The errors a user can meet; each is one line with what, where and the remedy."""

from typing import ClassVar

_MOST = 280  # letters of a message, with room for what says whose it is


def one_line(text: str) -> str:
    """What may come from users or others' files, without what would break the line or garble a terminal."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def shortened(text: str, most: int = 300) -> str:
    """The text without its middle where it is longer than a line can be read: both ends say what it is about."""
    if len(text) <= most:
        return text
    end = (most - 1) // 2
    return f"{text[: most - 1 - end]}…{text[-end:]}"


class QuadnetError(Exception):
    """An error that is explained to the user in one line; `exit_code` is the command's."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str) -> None:
        super().__init__(shortened(one_line(message), _MOST))


class ConfigurationError(QuadnetError):
    """A value of the configuration, or the file it stands in, cannot be used."""

    exit_code: ClassVar[int] = 2
