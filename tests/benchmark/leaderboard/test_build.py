"""Leaderboards of a folder that others write to at the same time."""

from pathlib import Path

import pytest

from artbench.leaderboard.build import build_from
from artbench.records.folder import ResultsFolder
from artbench.runtime.files import write_text
from artbench.runtime.progress import Silent
from tests.support.ranked_results import CLASSES, LABELS
from tests.support.results import guessed, put


def test_a_record_that_comes_while_the_pages_are_written_is_on_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when two runs end at once: the last that writes pages has the records of both."""
    results = ResultsFolder(tmp_path)

    def enter(backbone: str) -> None:
        put(results, backbone, LABELS, guessed(LABELS, rate=0.8, classes=CLASSES, seed=1))

    enter("first")

    def write_slowly(path: Path, text: str) -> None:
        if not any(record.backbone == "second" for record in results.records(Silent())):
            enter("second")
        write_text(path, text)

    monkeypatch.setattr("artbench.leaderboard.build.write_text", write_slowly)
    build_from(results, tmp_path / "leaderboards", literature={}, reporter=Silent())
    [page] = [file for file in (tmp_path / "leaderboards").glob("*.md") if file.name not in ("README.md", "OVERALL.md")]
    assert "first" in page.read_text()
    assert "second" in page.read_text()
