"""OAI-PMH, page by page."""

import csv
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from artbench.errors import ArtbenchError
from artbench.harvest.client import Client, StopError
from artbench.harvest.request import HarvestRequest
from artbench.harvest.workflow import Harvested, harvest
from tests.support.iiif_documents import oai, page, record
from tests.support.museum_server import Museum, painting
from tests.support.reporters import RecordingReporter

TOKEN = "a token/with +signs&such"
FIRST = "/oai?verb=ListRecords&metadataPrefix=edm&set=261208"
SECOND = f"/oai?verb=ListRecords&resumptionToken={quote_plus(TOKEN)}"


def fill(museum: Museum) -> None:
    """Two pages: works with image services and with plain images, one without an image, and one that was deleted."""
    for number in range(4):
        museum.sizes[f"/iiif/{number}"] = (1000, 500)
    service = f"{museum.url}/iiif/{{}}/full/max/0/default.jpg"
    museum.gives("/plain/5.jpg", painting(5))
    museum.gives(
        FIRST,
        page([record(k, image=service.format(k), shape=("resource", "about")[k % 2]) for k in range(3)], TOKEN),
    )
    museum.gives(
        SECOND,
        page(
            [
                record(3, image=service.format(3)),
                record(4, image=""),
                record(5, image=f"{museum.url}/plain/5.jpg"),
                record(6, image=service.format(6), deleted=True),
            ],
            "",
        ),
    )


def got(museum: Museum, client: Client, out: Path, **options: object) -> Harvested:
    request = HarvestRequest(source=f"oai:{museum.url}/oai", out=out, set_="261208", **options)  # type: ignore[arg-type]
    return harvest(request, reporter=RecordingReporter(), client=client)


def test_all_pages_are_read_and_addresses_become_words(museum: Museum, client: Client, tmp_path: Path) -> None:
    fill(museum)
    found = got(museum, client, tmp_path)
    with found.table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["identifier"] for row in rows] == [f"SK-A-{number}" for number in (0, 1, 2, 3, 5)]
    assert {(row["creator"], row["type"], row["date"]) for row in rows} == {
        ("Jan Steen", "painting", "c. 1735 - c. 1745")
    }
    assert rows[0]["title"] == "Work & more 0"
    assert rows[0]["source"] == rows[0]["object"] == "https://id.example.org/0"
    assert found.rights == {"http://creativecommons.org/publicdomain/mark/1.0/": 5}
    assert "/iiif/1/full/!512,512/0/default.jpg" in museum.asked


def test_a_list_that_was_stopped_goes_on_at_its_page(museum: Museum, client: Client, tmp_path: Path) -> None:
    fill(museum)
    answer = museum.answers[SECOND]
    museum.gives(SECOND, (503, {"Retry-After": "7200"}, b""))
    with pytest.raises(StopError, match="asks to wait for 7,200 s"):
        got(museum, client, tmp_path)
    museum.answers[SECOND] = answer
    asked = len(museum.asked)
    assert got(museum, client, tmp_path).pictures == 5
    assert FIRST not in museum.asked[asked:]


def test_a_server_that_forgot_the_place_is_asked_from_the_beginning(
    museum: Museum, client: Client, tmp_path: Path
) -> None:
    fill(museum)
    answer = museum.answers[SECOND]
    museum.gives(SECOND, (503, {"Retry-After": "7200"}, b""))
    with pytest.raises(StopError):
        got(museum, client, tmp_path)
    museum.answers[SECOND] = [(200, {}, oai('<error code="badResumptionToken">gone</error>').encode()), *answer]
    assert got(museum, client, tmp_path).pictures == 5


def test_a_limit_asks_for_no_more_pages_than_it_needs(museum: Museum, client: Client, tmp_path: Path) -> None:
    fill(museum)
    assert got(museum, client, tmp_path, limit=2).pictures == 2
    assert SECOND not in museum.asked
    # And may be raised.
    assert got(museum, client, tmp_path, limit=4).pictures == 4


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (oai('<error code="noRecordsMatch"/>'), "could be had: it lists none"),
        (
            oai('<error code="cannotDisseminateFormat">edm only</error>'),
            "the server says cannotDisseminateFormat: edm only",
        ),
        ("<html/>", "the answer is not OAI-PMH"),
        ("no xml", "the answer is not XML"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "the answer is not XML .it declares entities"),
    ],
)
def test_answers_that_hold_no_records_are_said(
    answer: str, reason: str, museum: Museum, client: Client, tmp_path: Path
) -> None:
    museum.gives(FIRST, answer)
    with pytest.raises(ArtbenchError, match=reason):
        got(museum, client, tmp_path)


def test_a_server_that_turns_in_a_circle_is_left(museum: Museum, client: Client, tmp_path: Path) -> None:
    fill(museum)
    museum.gives(SECOND, page([record(3, image="")], TOKEN))
    with pytest.raises(ArtbenchError, match="gives the same page again and again"):
        got(museum, client, tmp_path)
