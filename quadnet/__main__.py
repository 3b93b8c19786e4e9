"""The program, as `python -m quadnet`."""

import sys
from pathlib import Path

if not sys.flags.safe_path and sys.path[0] != str(Path(__file__).parent.parent):
    del sys.path[0]  # the current folder, where a report.py may be the user's own

from report.__main__ import main  # found otherwise before that

main()
