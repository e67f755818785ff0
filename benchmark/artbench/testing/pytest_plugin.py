"""Fixtures for the tests of plugins; pytest loads them where artbench is installed."""

# Imports nothing heavy: pytest imports this at every start, in every project of the environment.
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from artbench.specs import BackboneSpec
    from artbench.testing.tiny import TinyDataset


@dataclass(frozen=True, kw_only=True)
class Isolated:
    """Folders of one test, separate from the user's own.

    Attributes:
        cache: Value of `ARTBENCH_CACHE`.
        data: Value of `ARTBENCH_DATA`.
        results: An empty folder for `--results`, under its default name in the working directory.
    """

    cache: Path
    data: Path
    results: Path


@pytest.fixture
def artbench_isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Isolated:
    """Separate a test from the user's cache, datasets and results."""
    home = tmp_path / "artbench"
    folders = Isolated(cache=home / "cache", data=home / "data", results=home / "results")
    for folder in (folders.cache, folders.data, folders.results):
        folder.mkdir(parents=True)
    monkeypatch.setenv("ARTBENCH_CACHE", str(folders.cache))
    monkeypatch.setenv("ARTBENCH_DATA", str(folders.data))
    monkeypatch.delenv("ARTBENCH_PLUGINS", raising=False)
    # `results` is where artbench writes by default.
    monkeypatch.chdir(home)
    return folders


@pytest.fixture
def artbench_tiny_dataset(artbench_isolated: Isolated) -> "TinyDataset":
    """36 small images on disk, their dataset and a task on them; found by name under `ARTBENCH_DATA` as well."""
    from artbench.testing.tiny import TinyDataset, paint

    root = artbench_isolated.data / "tiny"
    root.mkdir()
    paint(root)
    return TinyDataset(root=root)


@pytest.fixture
def artbench_tiny_backbone() -> "BackboneSpec":
    """A network of 3,968 parameters that takes images of any size."""
    from artbench.testing.tiny import BACKBONE

    return BACKBONE
