"""An extraction that was frozen and succeeded writes nothing after it wakes."""

import os
import signal
from pathlib import Path

import pytest

from artbench.runtime import lease
from artbench.runtime.lease import LeaseLost
from tests.support.child_processes import child
from tests.support.extraction import dataset, features, paint
from tests.support.leases import BEAT, TIME_TO_LIVE, wait_for
from tests.support.reporters import RecordingReporter

COUNT = 60


def extract_and_freeze(folder: Path) -> None:
    """Stop, as by SIGSTOP, after the first batch; say what becomes of the rest."""
    lease.TIME_TO_LIVE, lease.BEAT = TIME_TO_LIVE, BEAT

    def freeze_once() -> None:
        if not (folder / "begun").exists():
            (folder / "begun").write_text("")
            os.kill(os.getpid(), signal.SIGSTOP)

    try:
        features(
            dataset(folder, COUNT), folder / "cache", reporter=RecordingReporter(freeze_once), batch_size=4, workers=1
        )
    except LeaseLost as lost:
        (folder / "outcome").write_text(str(lost))


@pytest.mark.integration
def test_a_frozen_extraction_that_was_succeeded_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = paint(tmp_path, COUNT)
    process = child(extract_and_freeze, tmp_path)
    wait_for(tmp_path / "begun")
    monkeypatch.setattr(lease, "TIME_TO_LIVE", TIME_TO_LIVE)
    monkeypatch.setattr(lease, "BEAT", BEAT)
    listener = RecordingReporter()
    try:
        timing = features(images, tmp_path / "cache", reporter=listener, batch_size=4, workers=1).timing
        before = contents(tmp_path / "cache")
    finally:
        os.kill(process.pid, signal.SIGCONT)
    process.join()
    assert timing.extracted
    waiting, taken, *_ = listener.notices
    assert "Another run is extracting these features" in waiting
    assert "taken over" in taken
    assert process.exitcode == 0
    assert "another run is extracting these features" in (tmp_path / "outcome").read_text()
    assert contents(tmp_path / "cache") == before


def contents(cache: Path) -> dict[str, tuple[int, bytes]]:
    """What is stored, and when each file was changed last."""
    return {
        file.relative_to(cache).as_posix(): (file.stat().st_mtime_ns, file.read_bytes())
        for file in cache.rglob("*")
        if file.is_file() and ".leases" not in file.parts and ".contents" not in file.parts
    }
