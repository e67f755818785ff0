"""A folder of results, and a cache of its own."""

from pathlib import Path

import pytest

from artbench.records.folder import ResultsFolder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ResultsFolder:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    return ResultsFolder(tmp_path / "results")
