"""What explains records of collections, whose paths are given and never taken from a record."""

import json
import sys
from pathlib import Path

import pytest

from artbench.runtime.files import named_cache_folder
from tests.plugins.artbench_collection.museum import write_table
from tests.support.command_line import CommandLine
from tests.support.plugins import SEEN, SMALL, TOY
from tests.support.run_tasks import paint, run_tasks

pytestmark = pytest.mark.integration

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
    for name in (f"collection:{scans}:class", f"collection:{scans}"):
        done = command_line(*words, "--task", name)
        assert done.returncode == 0, done.stderr
    done = command_line(*words)
    assert done.returncode == 0, done.stderr
    assert f"collection:scans is taken from {scans}, where it was last: --data collection:scans=PATH" in done.stderr
    # As on a machine that has never seen it, where its folder has another name.
    (named_cache_folder() / "places.json").unlink()
    scans.rename(tmp_path / "copy=of scans")
    refused = command_line(*words)
    assert refused.returncode == 2
    assert "a record does not hold the path of a collection. Give it as --data collection:scans=PATH" in (
        " ".join(refused.stderr.split())
    )
    done = command_line(*words, "--data", f"collection:scans={tmp_path / 'copy=of scans'}")
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
    # UMAP takes many seconds to compile.
    monkeypatch.setitem(sys.modules, "umap", None)
    kept = ("--results", str(tmp_path / "results"), "--plugin", str(TOY), *PLUGIN)
    toy = ("--backbone", "small-colour", "--pretraining", "random", "--task", "toy-colour")
    assert command_line("run", *toy, *kept).returncode == 0
    asked = ("report", "--out", str(tmp_path / "report"), "--json", *kept)
    words = (*asked, *(word for part in ("gradcam", "filters", "labels") for word in ("--without", part)))

    def states(*tasks: str) -> dict[str, str]:
        done = command_line(*words, *(word for task in tasks for word in ("--task", task)))
        assert done.returncode == 0, done.stderr
        return {part["of"].partition(": ")[0]: part["state"] for part in json.loads(done.stdout)["parts"]}

    first, second = "collection:scans:class", "collection:prints:class"
    # As on a machine that has not seen them.
    (named_cache_folder() / "places.json").unlink()
    assert states() == {first: "failed", second: "failed", "toy-colour": "made"}
    assert states(f"collection:{scans}") == {first: "made", second: "failed", "toy-colour": "kept"}
    both = (f"collection:{scans}:class", f"collection:{tmp_path / 'prints'}")
    assert states(*both) == {first: "kept", second: "made", "toy-colour": "kept"}
    (tmp_path / "other").mkdir()
    (tmp_path / "scans").rename(tmp_path / "other" / "scans")
    for number in range(30):
        paint(tmp_path / "scans" / COLOURS[number % 3] / f"{number:02}.png", number)
    done = command_line(*words, "--task", f"collection:{scans}", "--task", f"collection:{tmp_path / 'other' / 'scans'}")
    assert done.returncode == 2
    assert f"are both {first} on record" in " ".join(done.stderr.split())
