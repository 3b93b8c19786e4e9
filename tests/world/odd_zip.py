"""Zips as no program packs them."""

import io
import warnings
import zipfile
from collections.abc import Mapping
from random import Random

BOMB = bytes(30_000_000)  # a few kilobytes when packed


def packed(chance: Random, files: Mapping[str, bytes]) -> bytes:
    """A zip that says or holds what none of a run does."""
    method = chance.choice((zipfile.ZIP_DEFLATED,) * 4 + (zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
    odd = (
        "../x",
        "/x",
        "C:\\x",
        "..\\..\\evil.bat",
        "CON",
        "a/../../x",
        "x/",
        "__MACOSX/._x",
        "a" * 60_000,
        "\ud7ff",
        "a\nb",
        "x\0y",
    )
    target = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(target, "w", method, allowZip64=True) as archive:
        warnings.simplefilter("ignore")  # of names twice
        top = chance.choice(("", "run/", "a/b/", "../", "/"))
        for name, content in files.items():
            archive.writestr(top + name.encode(errors="replace").decode(), content)
        kind = chance.randrange(6)
        if kind == 0:
            archive.writestr(chance.choice(odd), b"x")
        elif kind == 1:
            archive.writestr(top + chance.choice(("bomb", "metrics.json", "report.html")), BOMB, zipfile.ZIP_DEFLATED)
        elif kind == 2:
            for number in range(chance.choice((20, 3000))):
                archive.writestr(f"{top}{number}", b"")
        elif kind == 3:
            archive.comment = chance.randbytes(chance.choice((3, 60_000)))
    content = target.getvalue()
    if chance.random() < 0.3:  # says other sizes, methods, flags, places than are true
        at = content.rfind(b"PK\1\2", 0, chance.randrange(len(content)) + 1)
        place = max(at, 0) + chance.randrange(6, 46)
        content = content[:place] + chance.randbytes(chance.choice((1, 2, 4))) + content[place + 1 :]
    return content
