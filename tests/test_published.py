"""What the repository shows is what the tool makes."""

from pathlib import Path

import pytest

import artbench
from artbench.leaderboard.build import build_pages
from artbench.leaderboard.notes import literature
from artbench.plugins.loading import load_plugins
from artbench.records.folder import ResultsFolder
from artbench.runtime.files import sha256_of
from artbench.runtime.progress import Silent
from tests.support.real_data import REAL_DATA, needs_real_data

pytestmark = pytest.mark.integration

REPOSITORY = Path(__file__).resolve().parents[1]
PUBLISHED = REPOSITORY / "leaderboards"


def test_the_published_pages_are_made_from_the_published_records(tmp_path: Path) -> None:
    folder = ResultsFolder(PUBLISHED)
    written = build_pages(
        folder.records(Silent()), tmp_path, predictions=folder.predictions_of, literature=literature(load_plugins())
    )
    assert {file.name for file in written} == {file.name for file in PUBLISHED.glob("*.md")}
    for file in written:
        assert file.read_text() == (PUBLISHED / file.name).read_text()


def test_every_published_record_has_its_predictions() -> None:
    folder = ResultsFolder(PUBLISHED)
    records = list(folder.records(Silent()))
    assert len(records) == len(list(PUBLISHED.glob("records/*/*.json"))) >= 30
    for record in records:
        assert record.predictions is not None
        assert sha256_of(folder.file_of(record).with_suffix(".parquet")) == record.predictions.sha256


def test_the_readme_shows_rows_of_the_published_leaderboard() -> None:
    page = (PUBLISHED / "sample-style.md").read_text()
    shown = [line for line in (REPOSITORY / "README.md").read_text().splitlines() if line.startswith("| ")][1:]
    assert len(shown) >= 10
    for line in shown:
        assert " | ".join(line.split(" | ")[:4]) in page


@needs_real_data
@pytest.mark.parametrize(
    ("backbone", "pretraining"),
    [("colour-histogram", "none"), pytest.param("tf_efficientnet_lite0", "imagenet", marks=pytest.mark.slow)],
)
def test_real_paintings_are_measured_as_published(tmp_path: Path, backbone: str, pretraining: str) -> None:
    measured = artbench.run(
        backbone=backbone,
        task="wikiart-artist",
        pretraining=pretraining,
        data={"wikiart": REAL_DATA / "wikiart-mini"},
        results=tmp_path,
        allow_partial=True,
    )
    records = ResultsFolder(PUBLISHED).records(Silent())
    published = next(
        record
        for record in records
        if (record.task, record.backbone, record.pretraining, record.protocol)
        == ("wikiart-artist", backbone, pretraining, "linear-v2")
    )
    assert measured.protocol_hash == published.protocol_hash
    assert measured.dataset == published.dataset
    assert measured.probes[0].l2 == published.probes[0].l2
    # Processors differ in the last digits of features, and so, now and then, in an image or two of 481.
    for name, metric in published.metrics.items():
        assert measured.metrics[name].value == pytest.approx(metric.value, abs=0.006), name
        assert measured.metrics[name].ci95 == pytest.approx(metric.ci95, abs=0.01), name
    for name, metric in published.votes.items():
        assert measured.votes[name].value == pytest.approx(metric.value, abs=0.006), name
