"""Manifests and collections of IIIF, of both versions."""

import csv
import json
from pathlib import Path

import pytest
from PIL import Image

from artbench.errors import ArtbenchError
from artbench.harvest.client import Client
from artbench.harvest.request import HarvestRequest
from artbench.harvest.workflow import Harvested, harvest
from tests.support.iiif_documents import manifest_2, manifest_3
from tests.support.museum_server import Museum, painting
from tests.support.reporters import RecordingReporter


def got(museum: Museum, client: Client, out: Path, path: str, **options: object) -> Harvested:
    request = HarvestRequest(source=f"{museum.url}{path}", out=out, **options)  # type: ignore[arg-type]
    return harvest(request, reporter=RecordingReporter(), client=client)


def rows(found: Harvested) -> list[dict[str, str]]:
    with found.table.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def put(museum: Museum, number: int, document: dict[str, object]) -> None:
    museum.gives(f"/manifest/{number}", json.dumps(document))
    museum.sizes[f"/image/{number}-0"] = (4000, 3000)


@pytest.mark.parametrize("choice", [False, True])
def test_a_manifest_of_version_2(choice: bool, museum: Museum, client: Client, tmp_path: Path) -> None:
    put(museum, 1, manifest_2(museum.url, 1, pages=3, choice=choice))
    found = got(museum, client, tmp_path, "/manifest/1")
    (row,) = rows(found)
    assert row["title"] == "View 1"
    assert (row["object"], row["source"]) == (f"{museum.url}/manifest/1", f"{museum.url}/canvas/1-0")
    assert row["rights"] == "http://creativecommons.org/publicdomain/zero/1.0/"
    assert (row["creator"], row["date"], row["statement"]) == ("Jan van Goyen", "c. 1640; c. 1641", "The museum")
    # What a spreadsheet would take for a formula, in a column that would hide our own.
    assert row["title_"] == "'=HYPERLINK(1)"
    with Image.open(tmp_path / row["path"]) as image:
        assert image.size == (512, 384)
    assert "/image/1-0/full/!512,512/0/default.jpg" in museum.asked


def test_every_page_of_a_manifest_on_request(museum: Museum, client: Client, tmp_path: Path) -> None:
    put(museum, 1, manifest_2(museum.url, 1, pages=3))
    museum.sizes |= {f"/image/1-{page}": (300, 400) for page in range(3)}
    found = rows(got(museum, client, tmp_path, "/manifest/1", every=True))
    assert [row["page"] for row in found] == ["p. 0", "p. 1", "p. 2"]
    assert len({row["object"] for row in found}) == 1
    assert len({row["path"] for row in found}) == 3


@pytest.mark.parametrize("service", ["3", "2", "none"])
def test_a_manifest_of_version_3(service: str, museum: Museum, client: Client, tmp_path: Path) -> None:
    put(museum, 1, manifest_3(museum.url, 1, service=service))
    museum.gives("/whole/1.jpg", painting(1))
    (row,) = rows(got(museum, client, tmp_path, "/manifest/1"))
    assert (row["title"], row["creator"]) == ("View 1", "Aelbert Cuyp; a pupil")
    assert (row["rights"], row["statement"]) == ("http://rightsstatements.org/vocab/InC/1.0/", "Ask us")
    assert ("/whole/1.jpg" in museum.asked) == (service == "none")


def collection(museum: Museum) -> None:
    """A collection of version 3 that lists one of version 2, manifests of both, itself, and one that is gone."""
    inner = {"@type": "sc:Collection", "manifests": [{"@id": f"{museum.url}/manifest/{k}"} for k in (1, 2)]}
    items = [
        {"id": f"{museum.url}{path}"} for path in ("/inner", "/manifest/3", "/outer", "/manifest/9", "/manifest/4")
    ]
    museum.gives("/inner", json.dumps(inner))
    museum.gives("/outer", json.dumps({"type": "Collection", "items": items}))
    for number in (1, 2):
        put(museum, number, manifest_2(museum.url, number))
    for number in (3, 4):
        put(museum, number, manifest_3(museum.url, number))


def test_collections_within_collections(museum: Museum, client: Client, tmp_path: Path) -> None:
    collection(museum)
    reporter = RecordingReporter()
    request = HarvestRequest(source=f"{museum.url}/outer", out=tmp_path)
    found = harvest(request, reporter=reporter, client=client)
    assert [row["title"] for row in rows(found)] == ["View 1", "View 2", "View 3", "View 4"]
    assert found.rights == {
        "http://creativecommons.org/publicdomain/zero/1.0/": 2,
        "http://rightsstatements.org/vocab/InC/1.0/": 2,
    }
    assert [line for line in reporter.notices if "/manifest/9: the server answers 404" in line]


def test_only_open_pictures_on_request(museum: Museum, client: Client, tmp_path: Path) -> None:
    collection(museum)
    found = got(museum, client, tmp_path, "/outer", open_only=True, limit=1)
    assert (found.pictures, found.closed) == (1, 2)
    assert "/image/3-0/full/!512,512/0/default.jpg" not in museum.asked


@pytest.mark.parametrize(
    ("refuses", "asked"),
    [
        (("!512,512",), "/image/1-0/full/512,/0/default.jpg"),
        (("!512,512", "512,"), "/image/1-0/full/600,450/0/default.jpg"),
    ],
)
def test_servers_of_little_skill_are_asked_for_what_they_have(
    refuses: tuple[str, ...], asked: str, museum: Museum, client: Client, tmp_path: Path
) -> None:
    put(museum, 1, manifest_2(museum.url, 1))
    museum.refuses = refuses
    sizes = [{"width": 150, "height": 112}, {"width": 600, "height": 450}, {"width": 4000, "height": 3000}]
    museum.gives("/image/1-0/info.json", json.dumps({"width": 4000, "height": 3000, "sizes": sizes}))
    assert got(museum, client, tmp_path, "/manifest/1").pictures == 1
    assert museum.asked[-1] == asked


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("{", "it is not JSON"),
        ("[" * 100_000, "it is not JSON"),
        ("[]", "it is no IIIF document"),
        ('{"type": "Canvas"}', "neither a manifest nor a collection"),
        ('{"type": "Manifest"}', "no picture of .* could be had: it lists none"),
        ('{"type": "Manifest", "items": [1, {"items": 7}, {"items": [{"items": [{"body": []}]}]}]}', "it lists none"),
        ('{"@type": "sc:Manifest", "sequences": {"canvases": "x"}, "label": [[[]]], "metadata": [1]}', "lists none"),
    ],
)
def test_what_is_no_such_document_is_said(
    document: str, reason: str, museum: Museum, client: Client, tmp_path: Path
) -> None:
    museum.gives("/manifest/1", document)
    with pytest.raises(ArtbenchError, match=reason):
        got(museum, client, tmp_path, "/manifest/1")


@pytest.mark.parametrize(
    ("sent", "reason"), [(b"<html>", "what the server sends is no image"), (painting(1)[:300], "can't be decoded")]
)
def test_what_is_no_image_is_refused_and_tried_again(
    sent: bytes, reason: str, museum: Museum, client: Client, tmp_path: Path
) -> None:
    collection(museum)
    museum.gives("/image/2-0/full/!512,512/0/default.jpg", sent, painting(2))
    found = got(museum, client, tmp_path, "/outer")
    assert found.pictures == 3
    ((id_, why),) = found.refused.items()
    assert id_ == f"{museum.url}/canvas/2-0"
    assert reason in why
    again = got(museum, client, tmp_path, "/outer")
    assert (again.pictures, again.refused) == (4, {})
