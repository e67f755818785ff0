"""`artbench data audit --labels --training`: wrong labels planted among training images, and what is refused."""

import csv
import json
from pathlib import Path

import pytest

from artbench.data.exclusion import read_exclusions
from artbench.records.folder import ResultsFolder, read_record
from artbench.records.publishing import publish
from tests.plugins.artbench_collection.museum import write_table
from tests.support.command_line import CommandLine
from tests.support.plugins import SMALL
from tests.support.run_tasks import paint, run_tasks

COUNT = 90
COLOURS = ("red", "green", "blue")
# Of each split some; the images say otherwise.
WRONG = {"03.png": "train", "13.png": "train", "23.png": "validation", "70.png": "test"}


def part(number: int) -> str:
    return "train" if number < 50 else "validation" if number < 60 else "test"


@pytest.fixture
def scans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table of images in three colours, four of them labelled another."""
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    folder, rows = tmp_path / "scans", []
    for number in range(COUNT):
        name = f"{number:02}.png"
        paint(folder / name, number)
        split = "validation" if WRONG.get(name) == "validation" else part(number)
        rows.append([name, split, COLOURS[(number + (name in WRONG)) % 3], f"painter {number % 9}"])
    return write_table(folder / "labels.csv", ["file", "split", "colour", "painter"], rows)


@pytest.fixture
def record(scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    run_tasks(f"collection:{scans}:colour", data=None, folder=tmp_path, monkeypatch=monkeypatch)
    (file,) = (tmp_path / "results" / "records").rglob("*.json")
    return file


def test_planted_training_labels_are_found_and_listed_for_exclude(
    record: Path, scans: Path, tmp_path: Path, command_line: CommandLine
) -> None:
    out = tmp_path / "audit"
    words = ("data", "audit", "--labels", str(record), "--out", str(out), "--plugin", str(SMALL), "--device", "cpu")
    without = command_line(*words[:6])
    assert "--training looks at them too" in without.stderr
    everything = (*words, "--training", "--task", f"collection:{scans}:colour")
    done = command_line(*everything)
    assert done.returncode == 0, done.stderr
    assert "1 of 30 test images (3.3%) and 3 of 60 training images (5.0%) look mislabelled" in " ".join(
        done.stdout.split()
    )
    assert "Nothing is said of training" not in done.stderr
    found = json.loads(command_line(*everything, "--json").stdout)
    assert {one["image"]: one["split"] for one in found["images"]} == {
        name: "test" if split == "test" else "train" for name, split in WRONG.items()
    }
    assert (found["tested"], found["trained"], found["unjudged"]) == (30, 60, 0)
    dataset = read_record(record).dataset.name
    listed = read_exclusions(out / "labels.csv").images
    assert listed == {(dataset, "test"): {"70.png"}, (dataset, "train"): WRONG.keys() - {"70.png"}}
    with (out / "labels.csv").open() as file:
        assert all(row["suggested"] != row["label"] for row in csv.DictReader(file))


def test_ids_take_the_place_of_published_digests(
    record: Path, scans: Path, tmp_path: Path, command_line: CommandLine
) -> None:
    results = ResultsFolder(tmp_path / "results")
    file = publish(read_record(record), results, ResultsFolder(tmp_path / "published"))
    words = ("data", "audit", "--labels", "--training", str(file), "--out", str(tmp_path / "audit"), "--json")
    done = command_line(*words, "--plugin", str(SMALL), "--device", "cpu", "--task", f"collection:{scans}:colour")
    assert done.returncode == 0, done.stderr
    assert {one["image"] for one in json.loads(done.stdout)["images"]} == WRONG.keys()
    assert (tmp_path / "audit" / "labels.csv").is_file()


def test_a_collection_that_was_never_placed_here_has_to_be_named_with_its_path(
    record: Path, scans: Path, command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "another"))
    words = ("data", "audit", "--labels", "--training", str(record), "--plugin", str(SMALL))
    done = command_line(*words)
    assert done.returncode == 2
    assert "--data collection:labels=PATH" in " ".join(done.stderr.split())
    done = command_line(*words, "--task", f"collection:{scans}:painter")
    assert done.returncode == 2
    assert "the record is of collection:" in done.stderr


def test_what_does_not_go_together_is_refused(record: Path, command_line: CommandLine) -> None:
    for words, said in (
        (("--training", "sample"), "--training goes with --labels"),
        (("--labels", str(record), "--task", "sample-style"), "--task goes with --labels --training"),
        (("--labels", str(record), "--exclude", "list.csv"), "--exclude goes with --labels --training"),
        (("--labels", "--training", str(record), "--backbone", "resnet18"), "which encoders judge"),
    ):
        done = command_line("data", "audit", *words)
        assert done.returncode == 2
        assert said in done.stderr


def test_few_shot_records_are_refused(
    scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command_line: CommandLine
) -> None:
    command_line(
        *("run", "--backbone", "small-colour", "--pretraining", "random", "--plugin", str(SMALL), "--device", "cpu"),
        *("--task", f"collection:{scans}:colour", "--shots", "2", "--results", str(tmp_path / "results")),
    )
    (file,) = (tmp_path / "results" / "records").rglob("*.json")
    done = command_line("data", "audit", "--labels", "--training", str(file), "--plugin", str(SMALL))
    assert done.returncode == 1
    assert "2 images of each class" in done.stderr
