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
_MOST = 255  # letters of a name, as file systems have it; what looks for patterns takes long in a zip's longer ones
_NAMES = re.compile(
    "|".join(
        (
            r"\..*",  # hidden: .DS_Store, ._*, .git, .svn, .ipynb_checkpoints, .*.swp, .~lock.*#, .nfs*, .dropbox …
            r"__macosx|icon\r|network trash folder|temporary items",  # macOS
            r"(eh)?thumbs(_vista)?\.db|(desktop|picasa)\.ini|autorun\.inf",  # Windows
            r".+:(zone\.identifier|encryptable|\$data|com\..+)",  # what it and sharing keep of a file beside it
            r"\$recycle\.bin|recycle[dr]|system volume information|found\.\d{3}",
            r"@(eadir|tmp|recycle|recently-snapshot)|#recycle|#snapshot|lost\+found",  # network drives
            r"_gsdata_|_vti_\w+|.+\.sync-conflict-.+|.+\(.*(conflict|konflikt|冲突).*\).*",  # what keeps folders alike
            r".+\.(\w*part|partial|\w*download|aria2|tmp|temp|lock|lck)",  # what is not yet whole
            r"~\$.*|~.*\.tmp|#.*#|.+~|.+\.(bak\d*|old|orig|rej|save|sw[a-p])",  # editors and office programs
            r"__pycache__|.+\.py[co]|cvs|rcs|(vg)?core(\.\d+)?|.+\.stackdump|nohup\.out",  # those of programmers
        )
    ),
    re.IGNORECASE | re.DOTALL,
)


def is_foreign(name: str) -> bool:
    """Whether a file or folder of this name, without a path, is another program's."""
    return name not in (".", "..") and len(name) <= _MOST and _NAMES.fullmatch(name) is not None


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
