import io
import re
from datetime import UTC, datetime
from typing import Any

import pypdf
import pytest

from quadnet.report.pages.pdf_standards import Attachment
from quadnet.report.pages.press import PdfError, Press

FORMULA = '<p><img alt="A sum" src="asset:formulas/loss.svg"></p>'
TABLE = (
    "<table><thead><tr><th>Name<th>Value</thead><tbody><tr><th>one<td>1<tr><th>two<td>2</tbody></table>"
    "<table><tr><th>bare<td>3</table>"
)
FILES = (
    Attachment("b.json", b'{"a": 1}\n', "Data", "numbers"),
    Attachment("a.toml", "ü = 1\n".encode(), "Source", "what decides"),
    Attachment("c.csv", b"x\n" * 1000, "Supplement", "≤ more"),
)


def printed(body: str, attachments: tuple[Attachment, ...] = (), images: dict[str, bytes] | None = None) -> bytes:
    page = (
        '<!DOCTYPE html><html lang="en"><head><title>Small page</title>'
        '<meta name="dcterms.created" content="1970-01-02T00:00:00Z">'
        '<style>body { font-family: "Quadnet Sans" }</style></head>'
        f"<body><h1>Head</h1>{body}</body></html>"
    )
    with Press() as press:
        press.send(page, images or {}, attachments)
        return press.pdf()


def opened(pdf: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf), strict=True)


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return printed(FORMULA + TABLE, FILES)


def test_the_metadata_declare_both_standards_and_the_schema_of_the_second(pdf: bytes) -> None:
    metadata = opened(pdf).trailer["/Root"]["/Metadata"].get_object().get_data().decode()
    assert 'pdfaid:part="3" pdfaid:conformance="A"' in metadata
    assert metadata.count("<pdfuaid:part>1</pdfuaid:part>") == 1
    assert metadata.count("<rdf:RDF") == metadata.count("</rdf:RDF>") == 1
    schema = metadata[metadata.index("<pdfaExtension:schemas>") : metadata.index("</pdfaExtension:schemas>")]
    assert "<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>" in schema
    assert "<pdfaProperty:name>part</pdfaProperty:name>" in schema
    assert "<pdfaProperty:valueType>Integer</pdfaProperty:valueType>" in schema


def test_the_colours_are_those_of_a_profile_within_the_file(pdf: bytes) -> None:
    (intent,) = opened(pdf).trailer["/Root"]["/OutputIntents"]
    assert intent["/S"] == "/GTS_PDFA1"
    assert intent["/DestOutputProfile"].get_object().get_data()[36:40] == b"acsp"


def test_the_attachments_come_out_as_they_went_in(pdf: bytes) -> None:
    found = list(opened(pdf).attachment_list)
    assert [each.name for each in found] == ["a.toml", "b.json", "c.csv"]
    for given, each in zip(sorted(FILES, key=lambda each: each.name), found, strict=True):
        assert each.content == given.content
        assert each.size == len(given.content)
        assert each.description == given.description
        assert each.associated_file_relationship == f"/{given.relationship}"
        assert each.creation_date == each.modification_date == datetime(1970, 1, 2, tzinfo=UTC)
    assert [each.subtype for each in found] == ["/application/toml", "/application/json", "/text/csv"]


def test_each_attachment_is_listed_once(pdf: bytes) -> None:
    listed = opened(pdf).trailer["/Root"]["/AF"]
    assert len(listed) == len({reference.idnum for reference in listed}) == 3


def test_an_attachment_of_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(PdfError, match="ended with code 1: KeyError: 'exe'"):
        printed("<p>Words", (Attachment("a.exe", b"", "Data", ""),))


def test_without_attachments_there_is_no_list_of_them() -> None:
    root = opened(printed("<p>Words")).trailer["/Root"]
    assert "/AF" not in root
    assert "/EmbeddedFiles" not in root.get("/Names", {})


def test_a_header_cell_says_whether_it_heads_a_column_or_a_row(pdf: bytes, tags: Any) -> None:
    scopes = [element["/A"]["/Scope"] for element in tags(opened(pdf), "/TH")]
    assert scopes == ["/Column", "/Column", "/Row", "/Row", "/Row"]
    assert all(element["/A"]["/O"] == "/Table" for element in tags(opened(pdf), "/TH"))


def test_a_formula_is_one_and_has_its_text(pdf: bytes, tags: Any) -> None:
    (formula,) = tags(opened(pdf), "/Formula")
    assert formula["/Alt"] == "A sum"
    assert "=" in formula["/ActualText"]
    assert not re.search("[<>&]", formula["/ActualText"])
    assert tags(opened(pdf), "/Figure") == []


def test_a_picture_stays_one(tags: Any) -> None:
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
    pdf = printed('<p><img alt="A box" src="asset:a.svg"></p>', images={"a.svg": drawing})
    (figure,) = tags(opened(pdf), "/Figure")
    assert figure["/Alt"] == "A box"
    assert "/ActualText" not in figure
    assert tags(opened(pdf), "/Formula") == []
