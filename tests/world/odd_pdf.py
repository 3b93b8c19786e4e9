"""PDFs of a few lines that carry files as no typesetter would."""

import zlib
from collections.abc import Mapping
from random import Random

FILTERS = (
    b"/FlateDecode",
    b"/ASCIIHexDecode",
    b"/LZWDecode",
    b"/RunLengthDecode",
    b"/ASCII85Decode",
    b"/DCTDecode",
    b"/Crypt",
)
PARAMETERS = (
    b"/DecodeParms << /Predictor 12 /Columns 5 >>",
    b"/DecodeParms << /Predictor 15 /Columns 1000000000 >>",
    b"/DecodeParms << /Predictor 2 /Colors 1 /Columns 1 >>",
    b"/DecodeParms [null << /Predictor -1 >>]",
    b"/DecodeParms 7",
)


def carrier(chance: Random, files: Mapping[str, bytes]) -> bytes:
    """A PDF with attachments, one thing of it odd."""
    odd = chance.choice(
        ("", "filter", "predictor", "bomb", "names", "loop", "deep", "length", "object", "page", "trailer", "many")
    )
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles 3 0 R >> >>",
        b"<< /Type /Pages /Kids [] /Count 0 >>",
        b"",
    ]
    names = b""
    victim = chance.choice(sorted(files)) if files else ""
    for name, content in files.items():
        hit = name == victim
        wanted = hit and odd
        filters, more, body = b"/FlateDecode", b"", zlib.compress(content)
        if wanted == "filter":
            chosen = chance.choices(FILTERS, k=chance.choice((1, 2, 40)))
            filters = chance.choice((b"[" + b" ".join(chosen) + b"]", b"/Nope", b"(x)", b"null", b"9 0 R"))
        elif wanted == "predictor":
            more = chance.choice(PARAMETERS)
        elif wanted == "bomb":
            filters = b"[/FlateDecode /FlateDecode]"
            body = zlib.compress(zlib.compress(bytes(chance.choice((10**6, 200_000_000)))), 9)
        length = str(len(body)).encode()
        if wanted == "length":
            length = chance.choice((b"0", b"-1", b"99999999999999999999", b"3 0 R", b"null", b"[1]", b"1.5"))
        objects.append(
            b"<< /Type /EmbeddedFile /Filter %s %s /Length %s >>\nstream\n%s\nendstream" % (filters, more, length, body)
        )
        stream = len(objects)
        label = _label(chance, name) if wanted == "names" else _string(name)
        target = (
            chance.choice((b"99 0 R", b"null", b"(x)", b"1 0 R", b"[]")) if wanted == "object" else b"%d 0 R" % stream
        )
        objects.append(b"<< /Type /Filespec /F %s /UF %s /EF << /F %s >> >>" % (label, label, target))
        names += b"%s %d 0 R " % (label, len(objects)) * (3000 if wanted == "many" else 1)
    objects[2] = b"<< /Names [%s] >>" % names
    if odd == "loop":
        objects[2] = chance.choice(
            (b"<< /Kids [3 0 R 3 0 R] >>", b"3 0 R", b"<< /Names 3 0 R >>", b"<< /Names [%s] /Kids [1 0 R] >>" % names)
        )
    elif odd == "deep":
        depth = chance.choice((50, 2000, 100_000))
        objects[2] = chance.choice((b"[" * depth + b"]" * depth, b"<< /Kids [" * depth + b"]>>" * depth))
    elif odd == "page":
        objects[1] = chance.choice((b"<< /Kids [2 0 R] /Count 9999999999 >>", b"null", b"(x)", b"<< /Type /Pages >>"))
    return _file(chance, objects, spoil=odd == "trailer")


def _file(chance: Random, objects: list[bytes], *, spoil: bool) -> bytes:
    content, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(content)
    size, root, more = b"%d" % (len(objects) + 1), b"1 0 R", b""
    if spoil:
        size = chance.choice((b"1", b"999999999", b"-1", size))
        root = chance.choice((b"2 0 R", b"null", b"99 0 R", root))
        more = chance.choice(
            (
                b"/Prev %d" % start,
                b"/Prev 0",
                b"/Encrypt << /Filter /Standard /V 1 /R 2 /O (a) /U (b) /P -1 >>",
                b"/XRefStm 9",
            )
        )
        start += chance.choice((0, 0, 1, 10**9))
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = b"%d" % (len(objects) + 1) if chance.random() < 0.97 else b"99999999"
    return b"%sxref\n0 %s\n0000000000 65535 f \n%strailer << /Size %s /Root %s %s >>\nstartxref\n%d\n%%%%EOF\n" % (
        content,
        count,
        table,
        size,
        root,
        more,
        start,
    )


def _string(text: str) -> bytes:
    return b"<" + (b"\xfe\xff" + text.encode("utf-16-be")).hex().encode() + b">"


def _label(chance: Random, name: str) -> bytes:
    return chance.choice(
        (
            b"()",
            b"null",
            b"7",
            b"(..)",
            b"<ff",
            b"(" + b"(" * 500,
            *map(_string, ("../" + name, "/x", "a\0b", "a\nb", "x" * 70_000, "CON", "..", "\x1b[1m")),
        )
    )
