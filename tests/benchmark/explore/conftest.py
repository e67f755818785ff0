"""A small collection, explored once for all tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import artbench
from tests.benchmark.explore.collections import collect


@pytest.fixture(scope="package")
def museum(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The table of a collection, in a folder with a cache of its own."""
    folder = tmp_path_factory.mktemp("explore")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARTBENCH_CACHE", str(folder / "cache"))
        patch.setenv("ARTBENCH_PLUGINS", "")
        yield collect(folder / "pictures")


@pytest.fixture(scope="package")
def explored(museum: Path) -> artbench.Exploration:
    """The collection, explored by its colours."""
    return artbench.explore(
        f"collection:{museum}",
        backbone="colour-histogram",
        pretraining="none",
        layout="pca",
        clusters=3,
        out=museum.parent.parent / "explore.html",
    )
