"""Small images that no test changes, and the features of those that can be read."""

import numpy as np
import pytest
from numpy.typing import NDArray

from artbench.data.dataset import Dataset
from tests.support.extraction import COUNT, GOOD, features, paint


@pytest.fixture(scope="package")
def images(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return paint(tmp_path_factory.mktemp("tiny"), COUNT)


@pytest.fixture(scope="package")
def whole(images: Dataset, tmp_path_factory: pytest.TempPathFactory) -> NDArray[np.float32]:
    return features(images, tmp_path_factory.mktemp("whole")).take(GOOD)
