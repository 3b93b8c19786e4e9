"""Rosters and curves as other programs, people and accidents leave them."""

from pathlib import PurePosixPath
from random import Random

import hostile
from trial import Trial

SEPARATORS = (",",) * 6 + (";", "\t", "|", " ", ", ", ",,", "\x1f", "，")  # a Chinese comma
BINARY = (
    b"PK\x03\x04\x14\0\x06\0\x08\0" + bytes(300),  # the beginning of an .xlsx
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),  # of an .xls
    b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    b"\x89PNG\r\n\x1a\n" + bytes(40),
    b"\x1f\x8b\x08\0" + bytes(40),
    b"{\\rtf1\\ansi }",
    b"<html><table><tr><td>id</td></tr></table>",
    b"\xff\xfe" + "id,name\n".encode("utf-16-le"),
)
ROSTER_HEADS = (
    *("id,name",) * 24,
    *(
        "id,name",
        "ID,Name,language",
        "Student ID,First name,Last name",
        "ID number,Surname,Email address",
        "学号,姓名",
        "matricule,nom",
    ),
    *(
        "id,id,name",
        "name",
        "id",
        "",
        "Name,Id,Language",
        " id , name ",
        '"id","name"',
        "id;name",
        "sep=;",
        "id,name," + "x," * 3000,
        "№,ФИО",
    ),
)
NAMES = ("Ada Lovelace", "Žofie Nováková", "李明", "Nguyễn Văn A", "O’Brien", "D'Arcy", "")
CURVE_HEADS = ("epoch,loss",) * 16 + (
    "loss",
    "loss,epoch",
    "epoch,loss,val_loss",
    "# epoch loss",
    "Loss",
    "step,value",
    "loss,loss",
    "",
    "epoch",
    "1,2,3",
    "sep=,",
)


def roster(chance: Random) -> bytes:
    """A list of a class; a third of them can be read."""
    count, odd = chance.choice((0, 1, 3, 12)), chance.choice((0, 0.05, 0.5))
    rows = [
        [
            hostile.text(chance) if chance.random() < odd / 3 else str(1000 + number),
            hostile.text(chance) if chance.random() < odd else chance.choice(NAMES),
        ]
        for number in range(count)
    ]
    return _table(chance, ROSTER_HEADS, rows)


def curve(chance: Random) -> bytes:
    """A table of losses; a third of them can be read."""
    count = chance.choice((0, 2, 3, 50, 50, 50, 400))
    kind = chance.choice((_falling, _falling, _wild, _hostile))
    losses = [kind(chance, row) for row in range(count)]
    if count and chance.random() < 0.2:
        losses[chance.randrange(count)] = chance.choice((hostile.number, hostile.text))(chance)
    epochs = [str(row) if chance.random() < 0.998 else hostile.number(chance) for row in range(count)]
    return _table(chance, CURVE_HEADS, [list(pair) for pair in zip(epochs, losses, strict=True)])


def _falling(_chance: Random, row: int) -> str:
    return f"{2.3 * 0.99**row:.6g}"


def _wild(chance: Random, _row: int) -> str:
    return repr(chance.choice((1.0, -1.0, 1e308, -1e308, 5e-324, float("nan"), float("inf"), 0.0, chance.random())))


def _hostile(chance: Random, _row: int) -> str:
    return hostile.number(chance) if chance.random() < 0.05 else f"{chance.random():.17g}"


def _table(chance: Random, heads: tuple[str, ...], rows: list[list[str]]) -> bytes:
    kind = chance.random()
    if kind > 0.75:  # only what stands in the cells is odd
        return "\n".join([heads[0], *(",".join(row) for row in rows)]).encode()
    if kind < 0.04:
        return chance.choice(BINARY)
    if kind < 0.06:
        return chance.choice(
            (
                b"",
                b"\n" * 10**5,
                b"," * 10**6,
                b'"' * 10**5,
                b"x" * 3_000_000,
                b"1\n" * 2_000_000,
                bytes(10**5),
                b"1e5" * 10**5,
            )
        )
    mark = chance.choice(SEPARATORS)
    lines = [chance.choice(heads), *(mark.join(_quoted(chance, cell) for cell in row) for row in rows)]
    if chance.random() < 0.9:
        lines[0] = lines[0].replace(",", mark)
    if chance.random() < 0.2:
        lines.insert(
            chance.randrange(len(lines) + 1),
            chance.choice(("", "  ", ",", '"', "a,b,c,d", "\0", "x" * 200_000, "1" + ",1" * 5000, "# note", "'")),
        )
    if chance.random() < 0.1:
        chance.shuffle(lines)
    content = hostile.encoded(chance, "\n".join(lines) + chance.choice(("\n", "", "\n\n\n")))
    return hostile.spoilt(chance, content) if chance.random() < 0.2 else content


def _quoted(chance: Random, cell: str) -> str:
    kind = chance.random()
    if kind < 0.85:
        return cell
    doubled = cell.replace('"', '""')
    return f'"{doubled}"' if kind < 0.999 else f'"{cell}'


def read_curve(chance: Random) -> Trial:
    """A call that finds the phases of a curve."""
    content, kind = curve(chance), chance.random()
    more = chance.choice(((), ("--json",), ("-q",), ("--no-plot",)))
    plot = () if "--no-plot" in more else ("--plot", "out/a.svg")
    if kind < 0.1:
        return Trial(("phases", "-", *more, *plot), stdin=content)
    if kind < 0.12:
        return Trial(("phases", "in", *more, *plot), {"in": None})
    name = chance.choice(hostile.FILE_NAMES) if kind < 0.4 else "in"
    given = f"./{name}" if chance.random() < 0.7 else name
    if kind < 0.3 and plot:  # beside the file
        return Trial(("phases", given, *more), {name: content}, written=tuple(_beside(name)))
    return Trial(("phases", given, *more, *plot), {name: content})


def _beside(name: str) -> list[str]:
    return [f"{PurePosixPath(name).stem}-phases.svg"]


def read_roster(chance: Random) -> Trial:
    """A call that makes the handouts of a class."""
    name = chance.choice(hostile.FILE_NAMES) if chance.random() < 0.3 else "in"
    arguments = ("handout", "--to", "html", "--epochs", "30", "--no-progress", "--output-dir", "out")
    kind = chance.random()
    if kind < 0.1:
        return Trial((*arguments, "--roster", "-"), stdin=roster(chance))
    if kind < 0.15:
        return Trial((*arguments, "--roster", "in"), {"in": None})
    return Trial((*arguments, f"--roster=./{name}"), {name: roster(chance)})
