"""The museum bias of `sample`, in which style and museum are planted."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from artbench.data import Targets
from artbench.probe.neighbourhoods import neighbourhoods
from artbench.protocol import Intervals
from artbench.stats.intervals import interval_of
from artbench.stats.left_out import left_out
from artbench.stats.units import RoundTest, units_of
from artbench_sample.dataset import open_sample
from artbench_sample.tasks import museum_bias_targets


@pytest.fixture(scope="module")
def targets(collection: Path) -> Targets:
    return museum_bias_targets(open_sample(collection))


def museums(targets: Targets) -> NDArray[np.int64]:
    assert targets.origins is not None
    return np.array([targets.origins[row] == "south" for row in targets.test.rows.tolist()], np.int64)


def index(targets: Targets, *, style: float, museum: float, seed: int) -> tuple[float, tuple[float, float]]:
    """The index of features that hold so much of each, and its interval by painters."""
    random, labels = np.random.default_rng(seed), targets.test.labels.astype(np.int64)
    means = np.random.default_rng(0).normal(size=(9, 12))
    seen = style * means[labels] + museum * means[7:][museums(targets)] + random.normal(size=(len(labels), 12))
    found = neighbourhoods(seen.astype(np.float32), labels, museums(targets))
    test = RoundTest(images=[f"{at:03}" for at in range(len(labels))], clusters=targets.groups_of(targets.test))
    (units,) = units_of([test], intervals=Intervals())
    one = left_out(labels, found, target="museum-bias", units=units, only=["robustness_index"])["robustness_index"]
    return one.value, interval_of(one, bounds=(0, 1), intervals=Intervals())


def test_as_many_pictures_of_each_style_come_from_each_museum(targets: Targets) -> None:
    cells, counts = np.unique(
        np.stack([targets.test.labels.astype(np.int64), museums(targets)]), axis=1, return_counts=True
    )
    assert cells.shape == (2, 14)
    assert set(counts.tolist()) == {19}
    # One museum has 13 test images of facets.
    assert "facets" not in targets.classes
    assert targets.groups is not None
    assert len({targets.groups[row] for row in targets.test.rows.tolist()}) == 22


def test_the_index_tells_what_was_planted(targets: Targets) -> None:
    assert index(targets, style=9, museum=0, seed=1)[0] == pytest.approx(1, abs=0.01)
    assert index(targets, style=0, museum=9, seed=1)[0] == pytest.approx(0, abs=0.01)
    assert index(targets, style=0, museum=0, seed=1)[0] == pytest.approx(0.5, abs=0.05)


def test_its_interval_covers_what_many_draws_of_the_same_give(targets: Targets) -> None:
    truth = np.mean([index(targets, style=0.7, museum=0.9, seed=seed)[0] for seed in range(2, 12)])
    _, (low, high) = index(targets, style=0.7, museum=0.9, seed=1)
    assert 0.05 < truth < 0.95
    assert low < truth < high
