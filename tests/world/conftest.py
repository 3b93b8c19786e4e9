"""What the cases share: calls of the program, and a small run to do something to."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from calls import SMALL, Quadnet


@pytest.fixture(scope="session")
def quadnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quadnet]:
    """The program."""
    program = Quadnet(tmp_path_factory.mktemp("calls"))
    yield program
    program.close()


def _made(quadnet: Quadnet, folder: Path, arguments: Sequence[str]) -> Path:
    done = quadnet("report", *SMALL, "--output-dir", folder, *arguments)
    assert done.code == 0, done.err
    return Path(done.out.strip())


@pytest.fixture(scope="session")
def small_run(quadnet: Quadnet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run without a PDF; do not change it."""
    return _made(quadnet, tmp_path_factory.mktemp("small"), ["--to", "html"])


@pytest.fixture(scope="session")
def printed_run(quadnet: Quadnet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with a PDF; do not change it."""
    return _made(quadnet, tmp_path_factory.mktemp("printed"), [])


@pytest.fixture
def run(small_run: Path, tmp_path: Path) -> Path:
    """A run without a PDF to do something to."""
    return shutil.copytree(small_run, tmp_path / "outputs" / small_run.name)


@pytest.fixture
def printed(printed_run: Path, tmp_path: Path) -> Path:
    """A run with a PDF to do something to."""
    return shutil.copytree(printed_run, tmp_path / "outputs" / printed_run.name)


@pytest.fixture(scope="session")
def small_class(quadnet: Quadnet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The handouts of two students without PDFs, of the class seed 48151623; do not change them."""
    folder = tmp_path_factory.mktemp("class")
    odd = "x;=HYPERLINK(A1);; +1,'-2';@SUM(A1)"
    (folder / "roster.csv").write_text(f'id,name\ns1,"Lovelace, Ada"\ns2,"{odd}"\n', encoding="utf-8")
    options = ("--seed", 48151623, "--roster", folder / "roster.csv", "--edition", "both", "--to", "html")
    done = quadnet("handout", *options, "--output-dir", folder / "outputs")
    assert done.code == 0, done.err
    return Path(done.out.strip())
