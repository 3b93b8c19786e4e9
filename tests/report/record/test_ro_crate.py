import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from rocrate.rocrate import ROCrate

from quadnet.report.record import manifest, ro_crate
from quadnet.report.record.manifest import Entry, Manifest


@pytest.fixture(scope="module")
def run(short_run: Path) -> Manifest:
    return manifest.parse((short_run / "manifest.json").read_bytes())


def sealed(content: bytes) -> Entry:
    return Entry(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))


SEAL = sealed(b"manifest")


def entities(run: Manifest) -> dict[str, dict[str, Any]]:
    graph = json.loads(ro_crate.metadata(run, SEAL))["@graph"]
    by_id = {entity["@id"]: entity for entity in graph}
    assert len(by_id) == len(graph)
    return by_id


def references(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(references, value))
    return {value["@id"]} if isinstance(value, dict) else set()


def test_every_reference_has_its_entity(run: Manifest) -> None:
    found = entities(run)
    named = set().union(*(references(value) for entity in found.values() for value in entity.values()))
    assert named - set(found) == {"https://w3id.org/ro/crate/1.1"}
    assert set(found) - named == {"ro-crate-metadata.json"}


def test_the_files_are_those_of_the_manifest_and_the_manifest(run: Manifest) -> None:
    files = {key: each for key, each in entities(run).items() if each["@type"] == "File"}
    expected = {name: (entry.sha256, str(entry.bytes)) for name, entry in {**run.files, "manifest.json": SEAL}.items()}
    assert {name: (each["sha256"], each["contentSize"]) for name, each in files.items()} == expected
    assert all("/" in each["encodingFormat"] for each in files.values())
    assert references(entities(run)["./"]["hasPart"]) == set(files)


def test_one_action_makes_all_files_from_the_configuration(run: Manifest) -> None:
    found = entities(run)
    (action,) = [each for each in found.values() if each["@type"] == "CreateAction"]
    files = set(run.files) | {"manifest.json"}
    assert references(found["./"]["mentions"]) == {action["@id"]}
    assert references(action["object"]) == {"config.toml"}
    assert references(action["result"]) == files - {"config.toml"}
    instrument = found[action["instrument"]["@id"]]
    assert (instrument["@type"], instrument["softwareVersion"]) == ("SoftwareApplication", run.program.version)
    needed = [found[each["@id"]] for each in instrument["softwareRequirements"]]
    assert {each["name"]: each["softwareVersion"] for each in needed} | {"quadnet": run.program.version} == run.versions


def test_it_says_which_profile_it_follows_and_the_time_of_the_pages(run: Manifest) -> None:
    found = entities(run)
    assert found["ro-crate-metadata.json"]["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert found["./"]["conformsTo"] == {"@id": "https://w3id.org/ro/wfrun/process/0.5"}
    assert found["./"]["datePublished"] == run.inputs.created == "1970-01-02T00:00:00Z"


def test_identifiers_come_from_the_content(run: Manifest) -> None:
    assert ro_crate.metadata(run, SEAL) == ro_crate.metadata(run, SEAL)
    other_program = run.model_copy(update={"program": run.program.model_copy(update={"source_sha256": "0" * 64})})
    changed = entities(run), json.loads(ro_crate.metadata(run, sealed(b"other")))["@graph"], entities(other_program)
    (ours, other, program) = ({key for key in map(_id, graph) if key.startswith("#")} for graph in changed)
    assert {key[:5] for key in ours ^ other} == {"#run-"}
    assert {key[:9] for key in ours ^ program} == {"#quadnet-"}


def _id(entity: Any) -> str:
    return entity if isinstance(entity, str) else entity["@id"]


@pytest.mark.parametrize("name", ["a b.csv", "#run.csv", "x%20y.csv", "http://host/x.csv", "ü/≤.svg", "?.json"])
def test_a_strange_name_stays_a_file_below_the_root(run: Manifest, tmp_path: Path, name: str) -> None:
    strange = run.model_copy(update={"files": {"config.toml": SEAL, name: SEAL}})
    content = ro_crate.metadata(strange, SEAL)
    (tmp_path / "ro-crate-metadata.json").write_bytes(content)
    for each in (name, "config.toml", "manifest.json"):
        (tmp_path / each).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / each).write_bytes(b"manifest")
    read = ROCrate(tmp_path)
    (file,) = [each for each in read.data_entities if each["name"] == name]
    assert Path(file.source).read_bytes() == b"manifest"


def test_a_version_from_outside_cannot_be_another_entity(run: Manifest) -> None:
    strange = run.model_copy(update={"versions": {"quadnet": "1", "x": "../ #y", "Ü": "1"}})
    assert {"#x-../%20%23y", "#%C3%9C-1"} <= set(entities(strange))
