"""Records that a release wrote are read, ranked, shown and checked by this one."""

from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from artbench.leaderboard.build import build_pages
from artbench.leaderboard.validation.check import KnownTask, check_folder
from artbench.plugins.loading import load_plugins
from artbench.records.folder import ResultsFolder
from artbench.records.record import SCHEMA, Record, TableName
from artbench.runtime.progress import Silent
from tests.support.reporters import RecordingReporter

RELEASED = Path(__file__).resolve().parents[2] / "released"
# The highest schema that each release wrote, and the tables that its own pages showed.
RELEASES = {"artbench-0.1.0": 1, "artbench-0.2.0": 1}
ROWS = {
    "artbench-0.1.0": [
        (
            "sample-artist",
            "| 1 | tf_efficientnet_lite1 | imagenet | **71.7** [67.2, 75.8] | 71.7 | 71.4 | 98.9 | 7.4 |",
        ),
        ("sample-material", "| 1 | tf_efficientnet_lite0 | imagenet | **72.2** [69.2, 75.8] | 72.4 | 79.9 | 81.4 |"),
        ("sample-material", "| 2 | colour-histogram | none | **42.8** [40.2, 47.2] | 45.9 | 60.4 | 62.9 | 67.9 |"),
        (
            "sample-style",
            "| 1 | tf_efficientnet_lite0 | imagenet | **95.6** [93.3, 97.5] | 95.6 | 95.6 | 100.0 | 1.6 |",
        ),
        ("sample-style", "| 2 | colour-histogram | none | **26.7** [22.2, 31.1] | 26.2 | 23.8 | 80.3 | 10.9 |"),
        ("sample-style", "| 1 | colour-histogram | none | **17.6** [15.1, 20.2] | 17.7 | 16.9 | 71.8 | 10.4 |"),
        ("wikiart-artist", "| 1 | tf_efficientnet_lite0 | imagenet | **77.3** [74.0, 81.1] | 77.2 | 77.2 | 99.2 |"),
        ("wikiart-artist", "| 2 | resnet18 | moco-v2-small (f41918c0) | **60.3** [56.1, 64.7] | 59.9 | 59.5 |"),
        ("wikiart-style", "| 1 | resnet18 | moco (5e991b58) | **67.0** [64.7, 69.2] | 51.5 | 54.4 | 97.5 | 3.7 |"),
    ],
    "artbench-0.2.0": [
        (
            "sample-material",
            "| 1 | tf_efficientnet_lite0 | imagenet | **72.2** [68.5, 75.3] | 72.4 | 80.0 | 81.5 | 75.4 |",
        ),
        (
            "sample-material",
            "| 2 | resnet18 | random | **39.8** [35.6, 42.2] | 44.0 | 60.3 | 62.5 | 67.3 |",
        ),
        (
            "sample-style",
            "| 1 | tf_efficientnet_lite0@pool=max | imagenet | **95.6** [92.9, 97.4] | 95.7 | 95.6 | 100.0 | 3.9 |",
        ),
        ("sample-style", "| 2 | colour-histogram | none | **26.7** [22.2, 31.6] | 26.2 | 23.8 | 80.3 | 10.9 |"),
        ("wikiart-style", "| 1 | resnet18 | moco (889ef4a3) | **69.6** [67.4, 71.7] | 54.1 | 57.4 | 98.6 | 2.4 |"),
    ],
}


def read(release: str) -> list[Record]:
    reporter = RecordingReporter()
    records = list(ResultsFolder(RELEASED / release).records(reporter))
    assert reporter.notices == []
    return records


def test_every_schema_has_a_release_that_wrote_it() -> None:
    assert {folder.name for folder in RELEASED.iterdir()} == RELEASES.keys() == ROWS.keys()
    assert set(range(1, SCHEMA + 1)) == set(RELEASES.values())


@pytest.mark.parametrize("release", RELEASES)
def test_records_of_a_release_are_read(release: str) -> None:
    records = read(release)
    assert len(records) == len(ROWS[release]) == len(list((RELEASED / release).glob("records/*/*.json")))
    assert {f"artbench-{record.provenance.artbench}" for record in records} == {release}


def test_they_are_of_every_kind() -> None:
    records = [record for release in RELEASES for record in read(release)]
    assert any(record.few_shot and len(record.rounds) > 1 for record in records)
    assert any(record.encoder.training for record in records)
    assert any(record.label_free for record in records)
    assert {table for record in records for table in record.tables} == set(get_args(TableName))


@pytest.mark.parametrize("release", RELEASES)
def test_records_of_a_release_rank_as_they_did(release: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    folder = ResultsFolder(RELEASED / release)
    build_pages(read(release), tmp_path / "pages", predictions=folder.predictions_of)
    for task, row in ROWS[release]:
        assert row in (tmp_path / "pages" / f"{task}.md").read_text(encoding="utf-8"), (task, row)


@pytest.mark.parametrize("release", RELEASES)
def test_records_of_a_release_pass_the_check(release: str) -> None:
    tasks = {spec.name: KnownTask(spec=spec) for _, spec in load_plugins(only="").tasks.specs()}
    report = check_folder(
        RELEASED / release,
        tasks=lambda record: tasks[record.task],
        plugins=frozenset({"artbench"}),
        now=datetime(2027, 1, 1, tzinfo=UTC),
        reporter=Silent(),
    )
    assert (report.records, report.count("FAIL")) == (len(ROWS[release]), 0)
