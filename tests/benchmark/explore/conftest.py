"""A small collection, explored once for all tests."""

from pathlib import Path

import pytest

import artbench
from tests.benchmark.explore.collections import collect


@pytest.fixture(scope="package")
def museum(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The table of a collection."""
    return collect(tmp_path_factory.mktemp("explore") / "pictures")


@pytest.fixture(autouse=True)
def _cached(museum: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # For each test anew: between two of this folder others may run.
    _alone(museum, monkeypatch)


@pytest.fixture(scope="package")
def explored(museum: Path) -> artbench.Exploration:
    """The collection, explored by its colours."""
    with pytest.MonkeyPatch.context() as patch:
        _alone(museum, patch)
        return artbench.explore(
            f"collection:{museum}",
            backbone="colour-histogram",
            pretraining="none",
            layout="pca",
            clusters=3,
            out=museum.parent.parent / "explore.html",
        )


def _alone(museum: Path, patch: pytest.MonkeyPatch) -> None:
    """Give the collection a cache of its own, and no plugins but the built-in ones."""
    patch.setenv("ARTBENCH_CACHE", str(museum.parent.parent / "cache"))
    patch.setenv("ARTBENCH_PLUGINS", "")
