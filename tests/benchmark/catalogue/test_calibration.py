"""One temperature for all probabilities, against a plain search."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_expit, log_softmax, softmax

from artbench.catalogue.calibration import fitted_temperature, log_loss
from artbench.probe.features import Rows
from artbench.probe.out_of_fold import HeldOutFold


def folds(logits: NDArray[np.float64], judged: NDArray[np.bool_] | None = None) -> list[HeldOutFold]:
    """Two folds whose probes return these logits."""
    parts = np.array_split(np.arange(len(logits)), 2)
    width = logits.shape[1]
    return [
        HeldOutFold(
            positions=part,
            rows=Rows(logits[part].astype(np.float32)),
            judged=np.ones(len(part), bool) if judged is None else judged[part],
            weight=np.eye(width),
            bias=np.zeros(width),
        )
        for part in parts
    ]


def best(loss: Callable[[float], float]) -> float:
    return float(np.exp(minimize_scalar(lambda log: loss(float(np.exp(log))), bounds=(-3, 3), method="bounded").x))


@pytest.mark.parametrize("factor", [0.5, 1.0, 4.0])
def test_of_classes_it_is_the_most_likely_one(factor: float) -> None:
    random = np.random.default_rng(0)
    true = random.normal(size=(3000, 5)) * 2
    labels = np.array([random.choice(5, p=one) for one in softmax(true, axis=1)])
    given = factor * true
    found = fitted_temperature(folds(given), labels, target="single-label")
    plain = best(lambda t: -log_softmax(given / t, axis=1)[np.arange(3000), labels].mean())
    assert found == pytest.approx(plain, rel=1e-3)
    assert found == pytest.approx(factor, rel=0.1)


def test_of_labels_it_is_the_most_likely_one() -> None:
    random = np.random.default_rng(1)
    true = random.normal(size=(3000, 4)) * 2 - 1
    labels = random.random((3000, 4)) < expit(true)
    found = fitted_temperature(folds(3 * true), labels, target="multi-label")
    plain = best(lambda t: -np.where(labels, log_expit(3 * true / t), log_expit(-3 * true / t)).mean())
    assert found == pytest.approx(plain, rel=1e-3)


def test_a_class_that_no_other_fold_has_changes_nothing() -> None:
    random = np.random.default_rng(2)
    logits = random.normal(size=(400, 3))
    labels = random.integers(0, 2, 400)
    known = fitted_temperature(folds(logits[:, :2]), labels, target="single-label")
    third = np.concatenate([labels, [2, 2]])
    judged = np.append(np.ones(400, bool), [False, False])
    both = np.concatenate([logits, np.zeros((2, 3))])
    unlearnt = [HeldOutFold(**{**vars(fold), "bias": np.array([0, 0, -np.inf])}) for fold in folds(both, judged)]
    assert fitted_temperature(unlearnt, third, target="single-label") == pytest.approx(known, rel=1e-6)


def test_a_label_that_nothing_was_learnt_of_changes_nothing() -> None:
    random = np.random.default_rng(3)
    logits = random.normal(size=(400, 3))
    labels = random.random((400, 3)) < 0.5
    known = fitted_temperature(folds(logits[:, :2]), labels[:, :2], target="multi-label")
    unlearnt = [HeldOutFold(**{**vars(fold), "bias": np.array([0, 0, -np.inf])}) for fold in folds(logits)]
    assert fitted_temperature(unlearnt, labels, target="multi-label") == pytest.approx(known, rel=1e-6)


def test_the_ends_are_bounded() -> None:
    labels = np.arange(40) % 2
    certain = np.eye(2)[labels] * 0.1
    assert fitted_temperature(folds(certain), labels, target="single-label") == pytest.approx(0.05)
    assert fitted_temperature(folds(-100 * certain), labels, target="single-label") == pytest.approx(20)
    assert fitted_temperature([], labels, target="single-label") == 1.0


def test_log_loss_is_scikit_learns() -> None:
    from sklearn.metrics import log_loss as plain

    random = np.random.default_rng(4)
    probabilities = softmax(random.normal(size=(50, 3)), axis=1)
    labels = random.integers(0, 3, 50)
    assert log_loss(probabilities, labels) == pytest.approx(plain(labels, probabilities, labels=[0, 1, 2]))
    given = random.random((50, 3)) < 0.5
    each = [plain(given[:, at], probabilities[:, at], labels=[False, True]) for at in range(3)]
    assert log_loss(probabilities, given) == pytest.approx(sum(each))
