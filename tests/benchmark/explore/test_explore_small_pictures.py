"""Small pictures come from the decoding of the features, and are the same without it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from artbench.data.dataset import Dataset
from artbench.explore.pictures import SmallPictures
from artbench.runtime.progress import Silent
from tests.benchmark.explore.collections import painted
from tests.support.extraction import PREPROCESSING, features


@pytest.fixture
def scans(tmp_path: Path) -> Dataset:
    """Scans that are decoded at a reduced scale, and one that can't be read."""
    names = [f"{number}.jpg" for number in range(6)]
    for number, name in enumerate(names):
        painted(number, (200, 40, 40)).resize((1600, 1200), Image.Resampling.BICUBIC).save(tmp_path / name)
    (tmp_path / "5.jpg").write_bytes(b"\xff\xd8\xff nothing")
    return Dataset(name="scans", root=tmp_path, ids=names, files=names)


def making(dataset: Dataset) -> SmallPictures:
    scaled_for = PREPROCESSING.short_side(None)
    return SmallPictures(dataset, len(dataset), scaled_for=scaled_for, budget=28_000_000, keep_all=True)


def test_they_are_made_while_features_are_and_the_same_afterwards(scans: Dataset, tmp_path: Path) -> None:
    rows = np.arange(len(scans))
    alone = making(scans).of(rows, Silent())
    beside = making(scans)
    taken = features(scans, tmp_path / "cache", beside=beside.beside)
    assert (taken.matrix[:5] == features(scans, tmp_path / "other").matrix[:5]).all()
    for name in scans.ids:
        (scans.root / name).unlink()
    made = beside.of(rows, Silent())
    assert made.encoded == alone.encoded
    assert [len(data) > 100 for data in made.encoded] == [True] * 5 + [False]
    assert np.array_equal(made.greys, alone.greys)
