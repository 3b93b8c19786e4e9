"""Texts, numbers, bytes and structures that programs stumble over, drawn from a seeded chance."""

import json
from random import Random
from typing import Any

NUMBERS = (
    *("0", "-0", "-1", "1", "2", "3.5", ".5", "5.", "+5", "1e", "1e5", "1_000", "0x10", "0b11", "0o17", "true", "--1"),
    *("nan", "-nan", "inf", "-inf", "+inf", "NaN", "Infinity", "1e308", "-1e308", "1e309", "5e-324", "1e-310"),
    *(
        "2147483648",
        "4294967295",
        "4294967296",
        "9007199254740993",
        "18446744073709551616",
        "1e-6",
        "9.9e-7",
        "-1e-310",
    ),
    *("1" + "0" * 400, "9" * 5000, "0x" + "f" * 5000, "-" + "8" * 4301, "0." + "3" * 5000, "1e999999999"),
    *("١٢٣", "１２３", "¾", "Ⅳ", "1,5", "1 000", "1\u00a0000", "1'000", "−1", "5%", "1/2", "0.1.2"),  # as found
)
TEXTS = (
    *("", " ", "\t", "a", "x" * 201, "y" * 5000, "Größe", "Nguyễn Thị Ánh", "李明", "龍", "한글", "שלום", "مرحبا"),
    *(
        "👩‍👩‍👧‍👦",
        "e\u0301" * 50,
        "\u202eabc",
        "a\u200bb",
        "a\u00adb",
        "\ufeffa",
        "a\u3000b",
        "a\u00a0b",
        "\u2028",
        "\ud7ff",
    ),
    *("\x1b[31mred\x1b[0m", "a\nb", "a\r", "\x07", "\x7f", "\x85", "\ufffe", "\U0010ffff", "\ue000", "𝔘𝔫𝔦"),
    *("'", '"', '"""', "\\", "\\u0000", "`", "$(id)", "%s%n", "{}", "{{7*7}}", "[", "]]>", "<script>", "&amp;", "-->"),
    *("../x", "/etc/passwd", "..\\..\\x", "CON", "nul.txt", "a/b", ".", "..", "-", "--", "-rf", "~", "*", "a" * 300),
    *(
        "=1+1",
        "@x",
        "+x",
        "#",
        "; x",
        "a=b",
        "a==b",
        "null",
        "None",
        "true",
        "2026-01-01",
        "12:00:00",
        "1979-05-27T07:32Z",
    ),
)
FILE_NAMES = (
    *(
        "in",
        "a b",
        "ü中",
        "x" * 250,
        "-in",
        "--help",
        "a\nb",
        "a\tb",
        "'",
        "%s",
        "\x1b[1m",
        "\x01",
        "CON",
        "a;b",
        "a,b",
    ),
    *(
        "\udcff\udc80",
        "lo\udce9",
        ".in",
        "in.",
        "in.csv.csv",
        "in.TOML",
        "in.zip",
        "\u202etxt",
        "a\u3000b",
        "{x}",
        "[x]",
        "#",
    ),
)


def number(chance: Random) -> str:
    """A number as somebody may write it, or what looks like one."""
    return chance.choice(
        (
            chance.choice(NUMBERS),
            str(chance.randint(-3, 40)),
            repr(chance.uniform(-3, 3)),
            f"{chance.uniform(1, 10):.3f}e{chance.randint(-400, 400)}",
        )
    )


def text(chance: Random) -> str:
    """A text, pieced together from odd ones."""
    kind = chance.random()
    if kind < 0.6:
        return chance.choice(TEXTS)
    if kind < 0.8:
        return "".join(chance.choices(TEXTS, k=chance.randint(2, 4)))
    return "".join(chr(_scalar(chance)) for _ in range(chance.randint(1, 12)))


def _scalar(chance: Random) -> int:
    """Any code point that can be encoded."""
    while True:
        point = chance.choice((chance.randrange(0x20), chance.randrange(0x250), chance.randrange(0x11_0000)))
        if not 0xD800 <= point < 0xE000:
            return point


def value(chance: Random, depth: int = 3) -> Any:
    """What JSON can hold, and some that only Python's can."""
    kind = chance.randrange(10 if depth else 7)
    if kind == 0:
        return text(chance)
    if kind == 1:
        return chance.choice((None, True, False))
    if kind == 2:
        return chance.choice((0, -1, 2**31, 2**53 + 1, 2**64, 10**400, -(10**4299)))
    if kind == 3:
        return chance.choice((0.5, -0.0, 5e-324, 1e308, -1e308, float("nan"), float("inf"), float("-inf")))
    if kind in (4, 5):
        return chance.randint(-2, 20)
    if kind == 6:
        return chance.choice(("", [], {}, [[]], "0" * 64, "f" * 64, "metrics.json"))
    if kind == 7:
        return {text(chance): value(chance, depth - 1) for _ in range(chance.randint(0, 4))}
    return [value(chance, depth - 1) for _ in range(chance.randint(0, 5))]


def mutated(chance: Random, tree: Any) -> Any:
    """A structure with one place of it dropped, renamed, repeated, nested deeply, or filled otherwise."""
    copy = json.loads(json.dumps(tree))
    *path, last = chance.choice([place for place in _places(copy) if place] or [(0,)])
    if not path and not copy:
        return value(chance)
    home = copy
    for step in path:
        home = home[step]
    kind = chance.randrange(6)
    if kind == 0:
        del home[last]
    elif kind == 1 and isinstance(home, dict):
        home[text(chance)] = home.pop(last)
    elif kind == 1:
        home *= chance.choice((2, 300))
    elif kind == 2:
        home[last] = nested(chance.choice((3, 60, 900)))
    else:
        home[last] = value(chance)
    return copy


def nested(depth: int) -> Any:
    """Lists in lists."""
    inner: Any = 1
    for _ in range(depth):
        inner = [inner]
    return inner


def _places(tree: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every part of a structure, but for what lies deep in one that was made deep."""
    if len(above) > _DEEP:
        return []
    parts = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [above, *(place for key, part in parts for place in _places(part, (*above, key)))]


_DEEP = 50


def spoilt(chance: Random, content: bytes) -> bytes:
    """Bytes that were flipped, cut, inserted, doubled, blotted out or put into another encoding."""
    place = chance.randrange(len(content) + 1)
    end = min(len(content), place + chance.choice((1, 2, 10, 1000, 10**6)))
    kind = chance.randrange(9)
    if kind == 0:
        return content[:place]
    if kind == 1:
        return content[place:]
    if kind == 2:
        return content[:place] + content[end:]
    if kind == 3:
        return content[:end] + content[place:]
    if kind == 4:
        return content[:place] + bytes(end - place) + content[end:]
    if kind == 5:
        return content[:place] + chance.randbytes(chance.choice((1, 4, 300))) + content[place:]
    if kind == 6:
        return chance.choice((content + content, content.replace(b"\n", b"\r\n"), content[::-1], b""))
    flipped = bytearray(content or b"x")
    for _ in range(chance.choice((1, 1, 1, 8))):
        flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
    return bytes(flipped)


def encoded(chance: Random, words: str) -> bytes:
    """A text as some editor may save it."""
    codec = chance.choice(
        ("utf-8",) * 20 + ("utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252", "gb18030", "utf-32")
    )
    ends = chance.choice(("\n",) * 20 + ("\r\n", "\r", "\n\r", "\u2028", "\0"))
    return words.replace("\n", ends).encode(codec, "replace")
