"""Tasks of retrieval from the command line to a leaderboard that is checked against the data."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from artbench.cli.main import artbench
from artbench.errors import UsageError
from artbench.records.predictions import read_predictions
from artbench.records.record import Record
from tests.plugins.artbench_collection.museum import write_table
from tests.support.plugins import SMALL
from tests.support.run_tasks import pixels, run_tasks

THINGS, ALONE = 12, 6


def museum(folder: Path) -> Path:
    """Twelve things in two pictures, the second darker, and six in one; a table says which are the same."""
    rows = []
    for number in range(THINGS + ALONE):
        for scan in range(2 if number < THINGS else 1):
            path = f"scans/{number:02}-{scan}.png"
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            light = np.clip(pixels(number) * np.linspace(0.4, 1, 18)[number] - 20 * scan, 0, 255)
            Image.fromarray(light.astype(np.uint8)).save(folder / path)
            # An image without a value, or with one of its own, belongs with no other.
            rows.append((path, f"inv. {number}" if number != THINGS else ""))
    return write_table(folder / "works.csv", ("path", "same_object"), rows)


def ask(*words: str) -> Result:
    return CliRunner().invoke(artbench, list(words), catch_exceptions=False)


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The results folder of a collection."""
    name = f"collection:{museum(tmp_path)}"
    records = run_tasks(name, data=None, folder=tmp_path, monkeypatch=monkeypatch)
    assert list(records) == ["collection:works:same_object"]
    return tmp_path / "results"


def record_in(results: Path) -> tuple[Record, Path]:
    (file,) = results.glob("records/*/*.json")
    return Record.model_validate_json(file.read_text()), file


def test_a_column_says_which_pictures_belong_together(measured: Path) -> None:
    record, file = record_in(measured)
    assert (record.protocol, record.dataset.train, record.dataset.test) == ("retrieval-v1", 30, 30)
    # Every thing with several pictures is one unit, and every other picture.
    assert (record.dataset.classes, record.clusters) == (THINGS, THINGS + ALONE)
    assert record.probe is None
    assert record.neighbours is None
    # Each query has one picture that belongs with it, the light of which is nearly the same.
    assert 0.3 < record.metrics["recall_at_5"].value <= 1
    assert record.metrics["retrieval_map_at_r"].value == record.metrics["recall_at_1"].value
    (chance,) = record.references
    assert chance.metrics["retrieval_map"].value < record.primary.value
    stored = read_predictions(file.with_suffix(".parquet"), record)
    assert stored.rankings is not None
    assert stored.rankings.belonging.tolist() == [1 if number < THINGS else 0 for number in range(THINGS + ALONE)
                                                  for _ in range(2 if number < THINGS else 1)]  # fmt: skip


def test_the_leaderboard_is_built_and_checked_against_the_data(measured: Path) -> None:
    pages = [file.read_text() for file in (measured / "leaderboards").glob("collection*.md")]
    assert any("30 queries to an index of 30 images, 12 classes" in text for text in pages)
    assert any("Intervals take 18 groups as units" in text and "order by chance" in text for text in pages)
    assert not any("kNN" in text for text in pages)
    done = ask("leaderboard", "check", str(measured), "--plugin", str(SMALL))
    assert "1 record" in done.output
    assert "no faults" in done.output


def test_a_record_that_its_rankings_contradict_is_refused(measured: Path) -> None:
    _, file = record_in(measured)
    content = json.loads(file.read_text())
    content["metrics"]["retrieval_map"]["value"] += 0.01
    file.write_text(json.dumps(content))
    done = ask("leaderboard", "check", str(measured), "--plugin", str(SMALL))
    assert "retrieval_map is" in done.output
    assert "by its predictions" in done.output


def test_csls_and_whitening_have_leaderboards_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    words = ["run", "--backbone", "small-colour", "--pretraining", "random", "--plugin", str(SMALL), "--device", "cpu"]
    words += ["--results", str(tmp_path / "results"), "--task", f"collection:{museum(tmp_path)}", "--json"]
    hashes = set()
    for name in ("retrieval-v1", "retrieval-v1-whitening-2", "retrieval-v1-csls-3", "retrieval-v1-whitening-2-csls-3"):
        done = ask(*words, "--protocol", name)
        assert done.exit_code == 0, done.output
        (record,) = json.loads(done.stdout)
        assert record["protocol"] == name
        hashes.add(record["protocol_hash"])
    assert len(hashes) == 4


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["sample-style", "--protocol", "retrieval-v1"],
            "retrieval-v1 searches an index, and sample-style is a single-",
        ),
        (["sample-painting-retrieval", "--width", "2"], "--width is of what a probe is fitted on"),
        (["sample-painting-retrieval", "--shots", "2"], "--shots draws images of each class"),
    ],
)
def test_what_makes_no_sense_is_refused(words: list[str], said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        ask(
            "run",
            "--backbone",
            "colour-histogram",
            "--pretraining",
            "none",
            "--results",
            str(tmp_path),
            "--task",
            *words,
        )


def test_a_protocol_that_nobody_has_is_told_with_what_there_is() -> None:
    with pytest.raises(
        UsageError, match=r"no protocol is called 'retrieval-v1-shots-2'. Did you mean 'retrieval-v1'\?"
    ):
        ask("run", "--backbone", "x", "--task", "y", "--protocol", "retrieval-v1-shots-2")


def test_splits_are_the_index_and_the_queries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    museum(tmp_path)
    rows = [(f"scans/{number:02}-{scan}.png", f"inv. {number}", "test" if scan else "train")
            for number in range(THINGS + ALONE) for scan in range(2 if number < THINGS else 1)]  # fmt: skip
    write_table(tmp_path / "list.csv", ("path", "inventory", "split"), rows)
    (tmp_path / "my.toml").write_text("table = 'list.csv'\nsame = ['inventory']\nlabels = []\n")
    records = run_tasks(f"collection:{tmp_path / 'my.toml'}", data=None, folder=tmp_path, monkeypatch=monkeypatch)
    record = records["collection:my:inventory"]
    assert (record["dataset"]["train"], record["dataset"]["test"]) == (THINGS + ALONE, THINGS)
