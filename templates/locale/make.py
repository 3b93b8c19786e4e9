"""Brings every catalog in line with quadnet.pot and compiles it: the .po for translators, the .mo for the program.

    python templates/locale/make.py

New sentences are added without a translation and old ones taken out; what is left to translate is printed. Needed is
Babel.
"""

import struct
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

HERE = Path(__file__).parent
# No dates, no names, no versions: the same sentences are the same files.
HEADER = """Language: {language}
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit
Plural-Forms: {plurals}
"""


def read(path: Path) -> Catalog:
    """The messages of a .po file, in the language of the folder that it lies in."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name)


def header(catalog: Catalog) -> str:
    """The translation of the empty message, which describes the catalog."""
    return HEADER.format(language=catalog.locale, plurals=catalog.plural_forms)


def update(template: Catalog, path: Path) -> list[Message]:
    """Gives a .po file the messages of today, with the translations that it has.

    Args:
        template: The messages of today.
        path: The file, changed in place.

    Returns:
        What is not translated.
    """
    old = read(path)
    new = Catalog(old.locale, fuzzy=False)
    for message in template:
        if message.id:
            known = old.get(message.id)
            string = known.string if known else "" if isinstance(message.id, str) else ("",) * old.num_plurals
            new.add(message.id, string, flags=message.flags)
    with path.open("wb") as file:
        lines = "".join(f'"{line}\\n"\n' for line in header(old).splitlines())
        file.write(f'msgid ""\nmsgstr ""\n{lines}\n'.encode())
        write_po(file, new, omit_header=True, sort_output=True)
    return [message for message in new if message.id and not translated(message)]


def translated(message: Message) -> bool:
    """Whether a message has a translation in every form."""
    return all([message.string, *message.string])


def compiled(path: Path) -> bytes:
    """The .mo file of a .po file, as the GNU gettext manual describes it; Babel's own would carry the time of day.

    What is not translated is not in it, so that pages say it in English.
    """
    catalog = read(path)
    pairs = {b"": header(catalog).encode()}
    for message in catalog:
        if message.id and translated(message):
            one = isinstance(message.id, str)
            forms = [message.id] if one else message.id, [message.string] if one else message.string
            key, value = ("\0".join(each).encode() for each in forms)
            pairs[key] = value
    keys = sorted(pairs)
    count, texts = len(keys), [*keys, *(pairs[key] for key in keys)]
    place, entries = 28 + 16 * count, b""
    for text in texts:
        entries += struct.pack("<II", len(text), place)
        place += len(text) + 1
    start = struct.pack("<7I", 0x950412DE, 0, count, 28, 28 + 8 * count, 0, 28 + 16 * count)
    return start + entries + b"".join(text + b"\0" for text in texts)


if __name__ == "__main__":
    with (HERE / "quadnet.pot").open("rb") as file:
        today = read_po(file)
    for each in sorted(HERE.glob("*/LC_MESSAGES/*.po")):
        for missing in update(today, each):
            print(f"{each.relative_to(HERE)}: {missing.id}")
        each.with_suffix(".mo").write_bytes(compiled(each))
