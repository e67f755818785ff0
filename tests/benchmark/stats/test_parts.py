"""What each image adds to a metric: against leaving it out, and scatter that is not below the truth."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from artbench.stats.contributions import parts
from artbench.stats.multi_label import MultiLabelOutcome, image_average_precision


def random_case(seed: int) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Labels, of which some are rare, and scores with ties."""
    random = np.random.default_rng(seed)
    labels = random.random((25, 4)) < [0.5, 0.3, 0.1, 0]
    labels[3, 2] = True
    return labels, np.round(random.normal(labels, 1), seed % 3).astype(np.float32)


@pytest.mark.parametrize("seed", range(9))
def test_an_image_adds_what_mean_average_precision_loses_without_it(seed: int) -> None:
    labels, scores = random_case(seed)
    expected = np.zeros(len(labels))
    for label in range(3):
        right, score = labels[:, label], scores[:, label]
        whole = average_precision_score(right, score)
        for image in range(len(labels)):
            others = np.arange(len(labels)) != image
            rest = right[others].sum()
            left = average_precision_score(right[others], score[others]) if rest else 0
            expected[image] += (whole - left * rest / right.sum()) / 3
    assert parts("mean_average_precision", labels, scores) == pytest.approx(expected)


def test_an_image_adds_its_share_of_the_mean_over_images() -> None:
    labels, scores = random_case(1)
    added = parts("image_average_precision", labels, scores)
    value = image_average_precision(MultiLabelOutcome(labels, scores, {}).weighted(None))
    assert added.sum() == pytest.approx(float(value[0]))
    assert (added[~labels.any(axis=1)] == 0).all()


def test_what_images_add_scatters_as_much_as_the_metric_does() -> None:
    random = np.random.default_rng(0)
    differences, spreads = [], []
    for _ in range(400):
        labels = random.random((80, 3)) < 0.15
        labels[0] = True
        one, other = (random.normal(1.2 * labels, 1) for _ in range(2))
        first, second = (parts("mean_average_precision", labels, scores) for scores in (one, other))
        values = [average_precision_score(labels, scores, average="macro") for scores in (one, other)]
        differences.append(values[0] - values[1])
        spreads.append(np.sum((first - second) ** 2))
    assert np.mean(spreads) >= np.var(differences)
