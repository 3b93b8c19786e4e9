"""The errors a user can meet; each is one line with what, where and the remedy."""

from typing import ClassVar


class QuadnetError(Exception):
    """An error that is explained to the user in one line; `exit_code` is the command's."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str) -> None:
        # What the message quotes may hold line breaks and other characters that would garble a terminal.
        super().__init__("".join(c if c.isprintable() else repr(c)[1:-1] for c in message))


class ConfigurationError(QuadnetError):
    """A value of the configuration, or the file it stands in, cannot be used."""

    exit_code: ClassVar[int] = 2
