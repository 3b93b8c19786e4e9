"""What other programs leave in folders and zips: desktops, editors, notebooks, version control, synchronisation.

It is no part of a record and no damage to it. All else that a manifest does not list may be meant as a part.
"""

import re
from collections.abc import Iterable, Sequence

from quadnet.errors import one_line

GIT = ".gitattributes"  # the one that is ours: it keeps git from changing line endings
GIT_CONTENT = b"* -text\n"

_SHOWN = 5  # names in a line
_LONGEST = 40  # characters of one
_NAMES = re.compile(
    "|".join(
        (
            r"\..*",  # hidden: .DS_Store, ._*, .git, .svn, .ipynb_checkpoints, .*.swp, .~lock.*#, .nfs*, .dropbox …
            r"__macosx|icon\r",  # macOS
            r"(eh)?thumbs(_vista)?\.db(:.*)?|desktop\.ini|\$recycle\.bin|system volume information",  # Windows
            r"@(eadir|tmp|recycle)|#recycle|#snapshot|lost\+found",  # network drives
            r"~\$.*|~.*\.tmp|#.*#|.+~|.*\.(bak|orig|rej|swp|swo)",  # editors and office programs
            r"__pycache__|cvs",
        )
    ),
    re.IGNORECASE | re.DOTALL,
)


def is_foreign(name: str) -> bool:
    """Whether a file or folder of this name, without a path, is another program's."""
    return name not in (".", "..") and _NAMES.fullmatch(name) is not None


def above(parts: Sequence[str]) -> str | None:
    """The path down to the first of the parts that is another program's, with `/` behind a folder; None without one."""
    place = next((place for place, part in enumerate(parts) if is_foreign(part)), None)
    if place is None:
        return None
    return "/".join(parts[: place + 1]) + ("/" if place + 1 < len(parts) else "")


def told(names: Iterable[str]) -> str:
    """What was passed over, in a line."""
    known = sorted(set(names))
    shown = [name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…" for name in map(one_line, known[:_SHOWN])]
    more = f" and {len(known) - _SHOWN} more" if known[_SHOWN:] else ""
    return f"passed over: {', '.join(shown)}{more}"
