"""Collections go through a run like any dataset."""

from pathlib import Path

import pytest

from artbench.data.exclusion import read_exclusions, write_exclusions
from artbench.data.folders import DatasetPaths
from artbench.data.opening import open_tasks
from artbench.data.places import with_places
from artbench.data.targets import Targets
from artbench.errors import ArtbenchError
from artbench.leaderboard.validation.workflow import check_records
from artbench.plugins.loading import load_plugins
from artbench.runtime.progress import Silent
from tests.plugins.artbench_collection.museum import STYLES, only, works, write_museum, write_table
from tests.support.reporters import RecordingReporter
from tests.support.run_tasks import paint, run_tasks


def test_a_collection_is_on_record_without_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = write_museum(tmp_path)
    for k, (path, *_) in enumerate(works()):
        paint(tmp_path / path, k)
    records = run_tasks(f"collection:{table}", data=None, folder=tmp_path / "out", monkeypatch=monkeypatch)
    assert sorted(records) == ["collection:works:painter", "collection:works:style"]
    record = records["collection:works:style"]
    # The colour of an image says its style here.
    assert record["metrics"]["accuracy"]["value"] > 0.9
    for file in (tmp_path / "out" / "results").rglob("*"):
        assert not file.is_file() or str(tmp_path).encode() not in file.read_bytes()


def test_all_kinds_of_columns_go_through_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(path, style, "oil;wood" if k % 2 else "oil", 1500 + k, painter)
            for k, (path, style, painter, _) in enumerate(works(60))]  # fmt: skip
    write_table(tmp_path / "works.csv", ("path", "style", "medium", "year", "group"), rows)
    (tmp_path / "my.toml").write_text("table = 'works.csv'\nyears = ['year']\nseveral = { medium = ';' }\n")
    for k, (path, *_) in enumerate(rows):
        paint(tmp_path / path, k)
    name = f"collection:{tmp_path / 'my.toml'}"
    records = run_tasks(name, data=None, folder=tmp_path / "out", monkeypatch=monkeypatch)
    assert {name: record["primary_metric"] for name, record in records.items()} == {
        "collection:my:style": "accuracy",
        "collection:my:medium": "mean_average_precision",
        "collection:my:year": "mean_absolute_error",
    }
    assert records["collection:my:style"]["clusters"] == 1


def test_folders_and_a_toml_go_through_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for k in range(30):
        paint(tmp_path / "bilder" / STYLES[k % 3] / f"{k}.png", k)
    (tmp_path / "my.toml").write_text("pictures = 'bilder'\n")
    names = (f"collection:{tmp_path / 'bilder'}", f"collection:{tmp_path / 'my.toml'}:class")
    records = run_tasks(*names, data=None, folder=tmp_path / "out", monkeypatch=monkeypatch)
    assert sorted(records) == ["collection:bilder:class", "collection:my:class"]


def test_names_with_joiners_pass_the_check_of_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    classes = ("نقاشی\u200cها", "👩\u200d🎨", "क्\u200dष")
    folder = tmp_path / "هنر\u200cها"
    for k in range(30):
        paint(folder / classes[k % 3] / f"{k}.png", k)
    run_tasks(f"collection:{folder}", data=None, folder=tmp_path / "out", monkeypatch=monkeypatch)
    report = check_records(
        tmp_path / "out" / "results", registry=load_plugins(), paths=DatasetPaths(), reporter=Silent()
    )
    assert report.records == 1
    assert report.count("FAIL") == 0, report.findings
    assert not report.compared
    # Its folder has another name on this machine.
    moved = folder.rename(tmp_path / "moved")
    paths = DatasetPaths(by_name={f"collection:{folder.name}": moved})
    registry = with_places(load_plugins(), paths, print)
    report = check_records(tmp_path / "out" / "results", registry=registry, paths=paths, reporter=Silent())
    assert report.count("FAIL") == 0, [str(one) for one in report.findings]
    assert report.compared == (f"collection:{folder.name}",)


def test_targets_are_checked_like_anyones(tmp_path: Path) -> None:
    write_museum(tmp_path)
    for k in range(10):
        (tmp_path / "scans" / f"{k:03}.jpg").unlink()
    with pytest.raises(ArtbenchError, match=r"collection:works:style: 10 of 30 images"):
        only(f"{tmp_path / 'works.csv'}:style", allow_partial=False)
    assert isinstance(only(f"{tmp_path / 'works.csv'}:style").targets, Targets)


def test_images_to_exclude_that_a_collection_lacks_are_told_with_its_name_on_record(tmp_path: Path) -> None:
    table = write_museum(tmp_path)
    write_exclusions(tmp_path / "list.csv", [("collection:works", "other.jpg", "train")])
    reporter = RecordingReporter()
    open_tasks(
        [f"collection:{table}:style"],
        registry=load_plugins(),
        paths=DatasetPaths(),
        allow_partial=False,
        exclusions=read_exclusions(tmp_path / "list.csv"),
        reporter=reporter,
    )
    # The name that the list must use; not the path of the folder.
    assert "not in collection:works, the first of them 'other.jpg'" in reporter.notices[0]
