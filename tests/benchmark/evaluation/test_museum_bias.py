"""A museum bias from the command line to a leaderboard that is checked against the data."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from artbench.cli.main import artbench
from artbench.records.predictions import read_predictions
from artbench.records.record import Record
from tests.plugins.artbench_collection.museum import write_table
from tests.support.plugins import SMALL
from tests.support.run_tasks import pixels, run_tasks

pytestmark = pytest.mark.integration

EACH = 6


def museum(folder: Path) -> Path:
    """Two media of two holders, one of which photographs darker; the medium is in the colour, `small-colour` sees both.

    A third holder has one of the media alone.
    """
    rows = []
    for number, (medium, holder) in enumerate(
        (medium, holder) for medium in ("ink", "oil") for holder in ("north", "south", "west") for _ in range(EACH)
    ):
        if (medium, holder) == ("oil", "west"):
            continue
        path = f"works/{number:02}.png"
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        light = np.roll(pixels(3 * number), medium == "oil", axis=2) * (0.9 if holder == "north" else 1.0)
        Image.fromarray(light.astype(np.uint8)).save(folder / path)
        rows.append((path, medium, holder, f"p{number % 3}"))
    return write_table(folder / "works.csv", ("path", "medium", "holder", "painter"), rows)


def ask(*words: str) -> Result:
    return CliRunner().invoke(artbench, list(words), catch_exceptions=True)


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The results folder of a collection."""
    table = museum(tmp_path)
    names = [f"collection:{table}:medium@holder", f"collection:{table}:medium"]
    records = run_tasks(*names, data=None, folder=tmp_path, monkeypatch=monkeypatch)
    assert sorted(records) == ["collection:works:medium", "collection:works:medium@holder"]
    return tmp_path / "results"


def record_in(results: Path) -> tuple[Record, Path]:
    (file,) = results.glob("records/*holder/*.json")
    return Record.model_validate_json(file.read_text()), file


def test_the_index_and_what_chance_gives_are_on_record(measured: Path) -> None:
    record, file = record_in(measured)
    assert (record.protocol, record.dataset.test, record.dataset.classes) == ("robustness-v1", 4 * EACH, 2)
    assert record.probe is None
    # The medium makes another colour, the holder another light alone.
    assert record.primary.value > 0.8
    assert record.primary.ci95 is not None
    assert record.primary.ci95[0] < record.primary.value
    (chance,) = record.references
    assert chance.name == "neighbours by chance"
    assert chance.metrics["robustness_index"].value == pytest.approx(0.5, abs=0.1)
    stored = read_predictions(file.with_suffix(".parquet"), record)
    assert stored.neighbourhoods is not None
    assert set(stored.neighbourhoods.counts.sum(axis=1).tolist()) == {EACH}


def test_the_leaderboard_is_built_and_checked_against_the_data(measured: Path) -> None:
    page = next((measured / "leaderboards").glob("collection*holder*.md")).read_text()
    assert "24 images, whose neighbours among the others are counted, 2 classes" in page
    assert "neighbours by chance" in page
    overall = next(file for file in (measured / "leaderboards").glob("*.md") if "All tasks" in file.read_text())
    assert "medium@holder" in overall.read_text()
    assert "robustness" in overall.read_text()
    done = ask("leaderboard", "check", str(measured), "--plugin", str(SMALL))
    assert "2 records" in done.output
    assert "no faults" in done.output
    shown = ask("leaderboard", "show", "--results", str(measured))
    assert "robustness-v1" in shown.output
    methods = ask("leaderboard", "export", "--methods", "--results", str(measured), "--protocol", "robustness-v1")
    assert "counted by whether they share its class and its museum" in methods.output


def test_a_record_that_its_neighbours_contradict_is_refused(measured: Path) -> None:
    _, file = record_in(measured)
    content = json.loads(file.read_text())
    content["metrics"]["robustness_index"]["value"] -= 0.01
    file.write_text(json.dumps(content))
    done = ask("leaderboard", "check", str(measured), "--plugin", str(SMALL))
    assert "robustness_index is" in done.output
    assert "by its predictions" in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sample-museum-bias", "--width", "2"], "--width is of what a probe is fitted on"),
        (["sample-museum-bias", "--shots", "2"], "--shots draws images of each class"),
        (["sample-style", "--protocol", "robustness-v1"], "and sample-style is a single-label task"),
        (["sample-style", "--protocol", "robustness-v1-csls-3"], "no protocol is called 'robustness-v1-csls-3'"),
    ],
)
def test_what_makes_no_sense_is_refused(words: list[str], said: str, tmp_path: Path) -> None:
    asked = ["run", "--backbone", "colour-histogram", "--pretraining", "none", "--results", str(tmp_path)]
    done = CliRunner().invoke(artbench, [*asked, "--task", *words], catch_exceptions=True)
    assert said in f"{done.output} {done.exception}"


def test_a_collection_of_one_museum_is_told_in_a_line(tmp_path: Path) -> None:
    table = museum(tmp_path)
    table.write_text(table.read_text().replace("north", "south").replace("west", "south"))
    asked = ["run", "--backbone", "colour-histogram", "--pretraining", "none", "--results", str(tmp_path / "results")]
    done = CliRunner().invoke(artbench, [*asked, "--task", f"collection:{table}:medium@holder"], catch_exceptions=True)
    said = f"{done.output} {done.exception}"
    assert "collection:works: a museum bias needs two classes in two museums" in said
    assert "all pictures are of one, 'south'" in said
