"""What explains records of collections, whose paths are given and never taken from a record."""

import json
from pathlib import Path

import pytest

from tests.plugins.artbench_collection.museum import write_table
from tests.support.command_line import CommandLine
from tests.support.plugins import SEEN, SMALL, TOY
from tests.support.run_tasks import paint, run_tasks

COLOURS = ("red", "green", "blue")
PLUGIN = ("--plugin", str(SMALL), "--device", "cpu")


@pytest.fixture
def scans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a folder for each of three classes."""
    # Nothing is found because the current folder is that of the images.
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    for number in range(30):
        paint(tmp_path / "scans" / COLOURS[number % 3] / f"{number:02}.png", number)
    run_tasks(f"collection:{tmp_path / 'scans'}", data=None, folder=tmp_path, monkeypatch=monkeypatch)
    return tmp_path / "scans"


@pytest.fixture
def record(scans: Path, tmp_path: Path) -> Path:
    (file,) = (tmp_path / "results" / "records").rglob("*.json")
    return file


@pytest.mark.parametrize(
    "words",
    [
        ("explain", "map", "--layout", "pca"),
        ("explain", "neighbours", "--image", "red/00.png"),
        ("explain", "gradcam", "--images", "3"),
    ],
    ids=lambda words: words[1],
)
def test_a_record_of_a_collection_is_explained_with_its_path(
    words: tuple[str, ...], scans: Path, tmp_path: Path, command_line: CommandLine
) -> None:
    # A network with convolutions, for Grad-CAM.
    plugins = ("--plugin", str(TOY), "--plugin", str(SEEN), "--device", "cpu")
    ran = ("run", "--backbone", "seen-net", "--pretraining", "random", "--results", str(tmp_path / "seen"), *plugins)
    done = command_line(*ran, "--task", f"collection:{scans}")
    assert done.returncode == 0, done.stderr
    (record,) = (tmp_path / "seen" / "records").rglob("*.json")
    words = (*words, "--record", str(record), "--out", str(tmp_path / "out"), *plugins)
    refused = command_line(*words)
    assert refused.returncode == 2
    assert "the record is of a collection, whose folder it does not hold. Give it as --task collection:PATH:COLUMN" in (
        " ".join(refused.stderr.split())
    )
    for name in (f"collection:{scans}:class", f"collection:{scans}"):
        done = command_line(*words, "--task", name)
        assert done.returncode == 0, done.stderr


def test_a_path_in_a_record_is_not_followed(
    record: Path, scans: Path, tmp_path: Path, command_line: CommandLine
) -> None:
    fields = json.loads(record.read_text())
    for path in (str(scans), "../scans"):
        record.write_text(json.dumps({**fields, "task": f"collection:{path}:class"}))
        done = command_line("explain", "map", "--record", str(record), "--out", str(tmp_path / "out"), *PLUGIN)
        assert done.returncode != 0
        assert not (tmp_path / "out").exists()


def test_one_table_with_several_columns_is_given_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command_line: CommandLine
) -> None:
    rows = []
    for number in range(30):
        paint(tmp_path / "scans" / f"{number:02}.png", number)
        rows.append([f"{number:02}.png", COLOURS[number % 3], COLOURS[number % 2]])
    name = f"collection:{write_table(tmp_path / 'scans' / 'list.csv', ['file', 'colour', 'other'], rows)}"
    run_tasks(name, data=None, folder=tmp_path, monkeypatch=monkeypatch)
    for file in (tmp_path / "results" / "records").rglob("*.json"):
        for words in (("explain", "map", "--record"), ("data", "audit", "--labels", "--training")):
            out = str(tmp_path / "out" / file.stem / words[1])
            done = command_line(*words, str(file), "--task", name, "--out", out, *PLUGIN)
            assert done.returncode == 0, done.stderr


def test_a_report_takes_the_path_of_each_collection(
    scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command_line: CommandLine
) -> None:
    for number in range(30):
        paint(tmp_path / "prints" / COLOURS[number % 3] / f"{number:02}.png", number + 30)
    run_tasks(f"collection:{tmp_path / 'prints'}", data=None, folder=tmp_path, monkeypatch=monkeypatch)
    run_tasks("sample-style", data=None, folder=tmp_path, monkeypatch=monkeypatch)
    asked = ("report", "--results", str(tmp_path / "results"), "--out", str(tmp_path / "report"), "--json", *PLUGIN)
    words = (*asked, *(word for part in ("gradcam", "filters", "labels") for word in ("--without", part)))

    def states(*tasks: str) -> dict[str, str]:
        done = command_line(*words, *(word for task in tasks for word in ("--task", task)))
        assert done.returncode == 0, done.stderr
        return {part["of"].partition(": ")[0]: part["state"] for part in json.loads(done.stdout)["parts"]}

    first, second = "collection:scans:class", "collection:prints:class"
    assert states() == {first: "failed", second: "failed", "sample-style": "made"}
    assert states(f"collection:{scans}") == {first: "made", second: "failed", "sample-style": "kept"}
    both = (f"collection:{scans}:class", f"collection:{tmp_path / 'prints'}")
    assert states(*both) == {first: "kept", second: "made", "sample-style": "kept"}
    (tmp_path / "other").mkdir()
    (tmp_path / "scans").rename(tmp_path / "other" / "scans")
    for number in range(30):
        paint(tmp_path / "scans" / COLOURS[number % 3] / f"{number:02}.png", number)
    done = command_line(*words, "--task", f"collection:{scans}", "--task", f"collection:{tmp_path / 'other' / 'scans'}")
    assert done.returncode == 2
    assert f"are both {first} on record" in " ".join(done.stderr.split())
