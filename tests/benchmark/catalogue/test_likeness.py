"""Pictures that are like those of the test, and others."""

import numpy as np
import pytest
from numpy.typing import NDArray

from artbench.catalogue.likeness import unlike
from artbench.probe.features import Rows


def drawn(seed: int, n: int, *, kind: int = 0) -> Rows:
    """Features around a few centres, which are others for another kind."""
    centres: NDArray[np.float64] = np.random.default_rng(kind).normal(size=(5, 16))
    random = np.random.default_rng([seed, n])
    values = centres[random.integers(0, 5, n)] + 0.3 * random.normal(size=(n, 16))
    return Rows(values.astype(np.float32))


def test_pictures_like_the_test_are_as_unlike_training_as_it_is() -> None:
    train, test = drawn(1, 3000), drawn(2, 1500)
    assert unlike(train, test, test) == pytest.approx(0.05, abs=0.005)
    assert unlike(train, test, drawn(3, 2000)) == pytest.approx(0.05, abs=0.03)
    assert unlike(train, test, train) == 0


def test_pictures_of_another_kind_are_told() -> None:
    train, test = drawn(1, 3000), drawn(2, 1500)
    assert unlike(train, test, drawn(4, 300, kind=9)) > 0.9
    mixed = Rows(np.concatenate([drawn(5, 50).features, drawn(6, 50, kind=9).features]))
    assert unlike(train, test, mixed) == pytest.approx(0.5, abs=0.1)
