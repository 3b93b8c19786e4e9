"""The program `quadnet`, also as `python -m report`."""

from report import interruption


def main() -> None:
    """Loads the program and runs it."""
    interruption.listen()
    from report import terminal

    terminal.run(_program)


def _program() -> None:
    from report.cli import program

    program()


if __name__ == "__main__":
    main()
