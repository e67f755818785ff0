"""What of a record's predictions is compared with other records, and at what cost."""

import json
import shutil
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import rankdata

from artbench.leaderboard.validation import copies
from artbench.leaderboard.validation.check import KnownTask, check_folder
from artbench.leaderboard.validation.checked import Checked, Kept
from artbench.leaderboard.validation.copies import check_copies, peculiar_to, signature
from artbench.leaderboard.validation.findings import FileFindings
from artbench.records.folder import ResultsFolder, write_record
from artbench.records.predictions import StoredPredictions, TestPredictions
from artbench.records.record import FileState, Record
from artbench.runtime.files import sha256_of
from artbench.runtime.findings import Finding
from artbench.runtime.progress import Silent
from tests.support.records import record


def many_labels(images: int, labels: int) -> StoredPredictions:
    random = np.random.default_rng(0)
    chances = random.random((images, labels), np.float32)
    return StoredPredictions(
        images=np.array([str(number) for number in range(images)], object),
        labels=random.random((images, labels), np.float32) < chances**2,
        predicted=None,
        confidence=chances,
        rounds=np.zeros(images, np.int64),
        clusters=None,
    )


def test_the_signature_of_labels_is_what_their_targets_do_not_explain() -> None:
    stored = many_labels(700, 20)
    assert stored.confidence is not None
    rest = stored.confidence.astype(np.float64)
    for number in range(20):
        for side in (stored.labels[:, number] == 0, stored.labels[:, number] == 1):
            rest[side, number] -= rest[side, number].mean()
    both = np.stack([rest.ravel(), rankdata(rest.ravel())])
    both -= both.mean(axis=1, keepdims=True)
    found = signature(stored)
    assert found is not None
    np.testing.assert_allclose(found, both / np.linalg.norm(both, axis=1, keepdims=True), atol=1e-6)


def test_the_signature_of_many_labels_takes_a_fraction_of_their_memory() -> None:
    stored = many_labels(20_000, 400)
    assert stored.confidence is not None
    tracemalloc.start()
    try:
        assert signature(stored) is not None
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < stored.confidence.nbytes / 2


ROWS = 30_000
PUBLISHED = Path(__file__).resolve().parents[4] / "leaderboards" / "records" / "sample-style"


def with_many_rows(folder: Path, count: int) -> Path:
    """Some records of one test with many images."""
    real = next(file for file in sorted(PUBLISHED.glob("*.json")) if json.loads(file.read_text())["rounds"] == [])
    content, random = json.loads(real.read_text()), np.random.default_rng(0)
    classes = content["dataset"]["classes"]
    content["dataset"]["test"] = ROWS
    labels = random.integers(classes, size=ROWS)
    for number in range(count):
        record = Record.model_validate(
            content | {"backbone": f"net{number}", "encoder": content["encoder"] | {"weights_sha256": f"{number:064x}"}}
        )
        file = ResultsFolder(folder).file_of(record)
        file.parent.mkdir(parents=True, exist_ok=True)
        chances = random.random((ROWS, classes), np.float32)
        TestPredictions(
            images=[f"{image}" for image in range(ROWS)],
            labels=labels,
            outputs=chances / chances.sum(axis=1, keepdims=True),
        ).write(file.with_suffix(".parquet"))
        for table in record.tables:
            shutil.copyfile(real.with_suffix(f".{table}.parquet"), file.with_suffix(f".{table}.parquet"))
        state = FileState(sha256=sha256_of(file.with_suffix(".parquet")), rows=ROWS)
        write_record(file, record.model_copy(update={"predictions": state}))
    return folder


@pytest.mark.integration
def test_what_is_kept_of_each_record_takes_no_memory(tmp_path: Path) -> None:
    peaks = []
    for count in (2, 8):
        folder = with_many_rows(tmp_path / str(count), count)
        tracemalloc.start()
        try:
            report = check_folder(
                folder,
                tasks=lambda _: KnownTask(),
                plugins=frozenset({"artbench"}),
                now=datetime(2027, 1, 1, tzinfo=UTC),
                reporter=Silent(),
            )
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
        assert report.records == count
        assert not any("predictions:" in finding.message for finding in report.findings)
    # Rows, classes and what is peculiar to predictions are 0.6 MB a record.
    assert peaks[1] - peaks[0] < 1.5 * 10**6


def three_alike(folder: Path, count: int) -> tuple[list[Checked], list[Finding]]:
    """Records of one test that have nothing to do with each other, but for the first, third and last; no findings."""
    random = np.random.default_rng(0)
    found: list[Checked] = []
    findings: list[Finding] = []
    (folder / str(count)).mkdir()
    kept = Kept(folder / str(count))
    for number in range(count):
        seed = np.random.default_rng(7) if number in (0, 2, count - 1) else random
        peculiar = peculiar_to(one_label(20_000, seed))
        one = record(backbone=f"net{number}", encoder={"weights_sha256": f"{number:064x}"})
        about = FileFindings(f"{number}", findings)
        found.append(Checked(record=one, about=about, test="all", digest=f"{number}", _peculiar=kept.keep(peculiar)))
    return found, findings


def one_label(images: int, random: np.random.Generator) -> StoredPredictions:
    return StoredPredictions(
        images=np.array([str(number) for number in range(images)], object),
        labels=random.integers(4, size=images),
        predicted=random.integers(4, size=images),
        confidence=random.random(images, np.float32),
        rounds=np.zeros(images, np.int64),
        clusters=None,
    )


def test_copies_are_found_among_any_number_of_records_in_bounded_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "_AT_ONCE", 2)
    peaks = []
    for count in (5, 20):
        records, found = three_alike(tmp_path, count)
        tracemalloc.start()
        try:
            check_copies(records)
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
        # Each once, with one other.
        assert sorted(finding.name for finding in found) == sorted(["0", "2", f"{count - 1}"])
    # All of fifteen records more are 6 MB.
    assert peaks[1] - peaks[0] < 10**6
