"""What PDF/A-3a and PDF/UA-1 ask of a file beyond what the typesetter writes.

`finish` mends the objects of a PDF that WeasyPrint made for PDF/A-3a, before they are written: it declares PDF/UA-1 in
the metadata (with the schema that PDF/A wants for a foreign property), says of every header cell whether it heads a row
or a column, calls formulas formulas and gives them their text, and lists each attachment once, with its media type.

ISO 19005-3 (PDF/A-3) and ISO 14289-1 (PDF/UA-1) are the standards.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

Relationship = Literal["Source", "Data", "Supplement"]

VARIANT = "pdf/a-3a"  # as WeasyPrint calls it

_UA = b"""\
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/"><pdfuaid:part>1</pdfuaid:part>\
</rdf:Description>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" \
xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">\
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">\
<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>\
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>\
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>\
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">\
<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>\
<pdfaProperty:category>internal</pdfaProperty:category>\
<pdfaProperty:description>Which part of ISO 14289 the file conforms to</pdfaProperty:description>\
</rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>
"""
_MEDIA_TYPES = {"toml": "application/toml", "json": "application/json", "csv": "text/csv"}


@dataclass(frozen=True)
class Attachment:
    """A file that a PDF carries.

    Attributes:
        name: Its name.
        content: The file.
        relationship: What it is to the pages: their source, the data they show, or a supplement.
        description: What is in it, in a few words.
    """

    name: str
    content: bytes
    relationship: Relationship
    description: str


def attached(attachments: Sequence[Attachment], created: str) -> list[Any]:
    """The attachments as WeasyPrint takes them, by name.

    Args:
        attachments: The files.
        created: Time to state, ISO 8601 in UTC.

    Raises:
        KeyError: One is of no kind that a record has.
    """
    from weasyprint import Attachment as Embedded

    for each in attachments:
        _media_type(each.name)
    time = datetime.strptime(created, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return [
        Embedded(
            string=each.content,
            name=each.name,
            description=each.description,
            created=time,
            modified=time,
            relationship=each.relationship,
        )
        for each in sorted(attachments, key=lambda each: each.name)
    ]


def finish(pdf: Any, formulas: Mapping[str, str]) -> None:
    """Mends a PDF's objects in place.

    Args:
        pdf: Of pydyf, complete but not yet written.
        formulas: The text of each formula by its alternative text.
    """
    for item in pdf.objects:
        kind = item.get("Type") if isinstance(item, dict) else getattr(item, "extra", {}).get("Type")
        if kind == "/StructElem":
            _mend_element(pdf, item, formulas)
        elif kind == "/Metadata":
            item.stream = [part.replace(b"</rdf:RDF>", _UA + b"</rdf:RDF>") for part in _bytes(item.stream)]
        elif kind == "/XObject":
            item.extra.pop("Interpolate", None)
        elif kind == "/Filespec":
            _mend_media_type(pdf, item)
    if "AF" in pdf.catalog:  # the typesetter lists each attachment twice
        pdf.catalog["AF"] = type(pdf.catalog["AF"])(dict.fromkeys(pdf.catalog["AF"]))


def _mend_element(pdf: Any, element: Any, formulas: Mapping[str, str]) -> None:
    if element["S"] == "/TH":
        row = _referred(pdf, element["P"])
        section = _referred(pdf, row["P"])["S"]
        element["A"]["Scope"] = "/Column" if section == "/THead" else "/Row"
    elif element["S"] == "/Figure" and (text := formulas.get(getattr(element.get("Alt"), "string", ""))):
        element["S"] = "/Formula"
        element["ActualText"] = type(element["Alt"])(text)


def _mend_media_type(pdf: Any, specification: Any) -> None:
    name = specification["UF"].string
    stream = _referred(pdf, specification["EF"]["F"])
    stream.extra["Subtype"] = "/" + _media_type(name).replace("/", "#2f")


def _media_type(name: str) -> str:
    return _MEDIA_TYPES[name.rpartition(".")[2]]


def _referred(pdf: Any, reference: bytes | str) -> Any:
    return pdf.objects[int(reference.split()[0])]


def _bytes(parts: Sequence[bytes | str]) -> Iterator[bytes]:
    for part in parts:
        yield part if isinstance(part, bytes) else part.encode()
