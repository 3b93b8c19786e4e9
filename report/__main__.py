"""The program `quadnet`."""

import os
import sys


def main() -> None:
    """Loads the program and runs it."""
    _find_own_modules_first()
    from . import interruption

    interruption.listen()
    from . import terminal

    terminal.run(_program)


def _find_own_modules_first() -> None:
    """Moves the user's folders to the end of the search path, where their signal.py or numpy.py hides no module."""
    named = [] if sys.flags.ignore_environment else os.environ.get("PYTHONPATH", "").split(os.pathsep)
    users = {_absolute(folder) for folder in named if folder}
    if not sys.flags.safe_path:
        users.add(_absolute(sys.path[0]))  # the current folder, or the script's
    sys.path.sort(key=lambda folder: _absolute(folder) in users)


def _absolute(folder: str) -> str:
    try:
        return os.path.abspath(folder)
    except OSError:  # the current folder is gone
        return folder


def _program() -> None:
    from .cli import program

    program()


if __name__ == "__main__":
    main()
