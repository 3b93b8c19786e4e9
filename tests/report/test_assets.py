import pytest

from quadnet.report import assets
from quadnet.report.assets import TEMPLATES
from quadnet.report.pages import render


def test_the_folder_of_templates_lies_beside_the_package() -> None:
    assert (TEMPLATES / "report.html.j2").is_file()
    assert (TEMPLATES.parent / "report" / "assets.py").is_file()


def test_files_are_read_as_text_and_as_bytes() -> None:
    assert assets.text("style/base.css").startswith("/*")
    assert assets.data("style/base.css") == (TEMPLATES / "style" / "base.css").read_bytes()


def test_a_missing_file_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        assets.text("style/none.css")


@pytest.mark.parametrize("name", sorted({font[3] for fonts in render.FONTS.values() for font in fonts}))
def test_each_font_is_there_for_browsers_and_for_print(name: str) -> None:
    assert assets.data(f"fonts/{name}.woff2")[:4] == b"wOF2"
    assert assets.data(f"fonts/{name}.ttf")[:4] == b"\0\1\0\0"


def test_the_licences_travel_with_the_fonts() -> None:
    assert "SIL OPEN FONT LICENSE" in assets.text("fonts/OFL.txt").upper()
