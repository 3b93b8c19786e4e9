"""The errors a user can meet; each is one line with what, where and the remedy."""

from typing import ClassVar


class QuadnetError(Exception):
    """An error that is explained to the user in one line; `exit_code` is the command's."""

    exit_code: ClassVar[int] = 1


class ConfigurationError(QuadnetError):
    """A value of the configuration, or the file it stands in, cannot be used."""

    exit_code: ClassVar[int] = 2
