"""Which differences from the predictions of a probe are rounding, however alike its outputs are."""

import numpy as np
import pytest
from numpy.typing import NDArray

from artbench.plugins.known import form_of
from artbench.records.predictions import StoredPredictions
from artbench.records.probe import StoredProbe
from artbench.specs import TargetKind
from artbench.verify.predictions import compare_predictions, outputs_of

COUNT, DIMENSIONS, CLASSES = 200, 30, 20
# A large penalty leaves weights so small that all classes are about as probable.
SIZES = [1e-4, 1e-2, 1.0]


def made(size: float, target: TargetKind) -> tuple[StoredProbe, NDArray[np.float32], NDArray[np.float64]]:
    """A probe, features and what it makes of them."""
    random = np.random.default_rng(0)
    columns = 1 if target == "year" else CLASSES
    features = random.normal(size=(COUNT, DIMENSIONS)).astype(np.float32)
    weight = (size * random.normal(size=(DIMENSIONS, columns))).astype(np.float32)
    bias = np.full(columns, {"single-label": 0.0, "multi-label": -4.0, "year": 1700.0}[target], np.float32)
    probe = StoredProbe(weight=weight, bias=bias)
    return probe, features, outputs_of(probe, features, form_of(target))


def stored(target: TargetKind, predicted: NDArray[np.generic], confidence: object = None) -> StoredPredictions:
    shape = (COUNT, CLASSES) if target == "multi-label" else COUNT
    kind = {"single-label": np.int64, "multi-label": np.bool_, "year": np.float64}[target]
    return StoredPredictions(
        images=np.array([str(number) for number in range(COUNT)], object),
        labels=np.zeros(shape, kind),
        predicted=None if target == "multi-label" else predicted,  # type: ignore[arg-type]
        confidence=None if confidence is None else np.asarray(confidence, np.float32),
        rounds=np.zeros(COUNT, np.int64),
        clusters=None,
    )


def differing(given: StoredPredictions, features: NDArray[np.float32], probe: StoredProbe, dtype: str) -> int:
    return len(compare_predictions(given, np.arange(COUNT), features, [probe], dtype=dtype).differing)


def rounded(features: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    return (features * (1 + share * np.random.default_rng(1).normal(size=features.shape))).astype(np.float32)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("dtype", "share"), [("float32", 1e-5), ("bfloat16", 4e-3)])
@pytest.mark.parametrize("target", ["single-label", "multi-label", "year"])
def test_rounding_of_features_is_no_difference(size: float, dtype: str, share: float, target: TargetKind) -> None:
    probe, features, outputs = made(size, target)
    predicted = outputs[:, 0] if target == "year" else outputs.argmax(axis=1)
    confidence = {"single-label": outputs.max(axis=1), "multi-label": outputs, "year": None}[target]
    assert differing(stored(target, predicted, confidence), rounded(features, share), probe, dtype) == 0


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_another_class_is_a_difference_where_all_are_about_as_probable(size: float, dtype: str) -> None:
    probe, features, chances = made(size, "single-label")
    leaked = np.random.default_rng(2).integers(CLASSES, size=COUNT)
    # What both the most probable class and the leaked one are nearest to.
    confidence = (chances.max(axis=1) + chances[np.arange(COUNT), leaked]) / 2
    wrong = int((leaked != chances.argmax(axis=1)).sum())
    assert differing(stored("single-label", leaked, confidence), features, probe, dtype) >= 0.9 * wrong


def test_what_differs_is_told_in_words_where_it_is_no_number() -> None:
    probe, features, chances = made(1e-4, "single-label")
    top = chances.argmax(axis=1)
    other = np.where(np.arange(COUNT) == 3, (top + 1) % CLASSES, top)
    confidence = chances[np.arange(COUNT), top]
    found = compare_predictions(
        stored("single-label", other, confidence), np.arange(COUNT), features, [probe], dtype="float32"
    )
    assert found.differing.tolist() == [3]
    assert found.told == "here another class is the most probable one of 1 image"
    far = stored("single-label", other, confidence + 0.25)
    assert compare_predictions(far, np.arange(COUNT), features, [probe], dtype="float32").told.endswith("up to 0.25")
    lost = stored("single-label", top, np.full(COUNT, np.nan))
    said = compare_predictions(lost, np.arange(COUNT), features, [probe], dtype="float32").told
    assert said == "some are no numbers"


def test_the_order_of_small_probabilities_can_not_be_changed() -> None:
    probe, features, chances = made(1e-2, "multi-label")
    having = np.random.default_rng(2).random(chances.shape) < 0.1
    assert chances.max() < 0.025
    assert differing(stored("multi-label", chances, chances + 0.005 * having), features, probe, "float32") > 100


def test_years_are_held_to_how_much_they_vary() -> None:
    probe, features, years = made(1.0, "year")
    assert years.std() < 10
    assert differing(stored("year", years[:, 0] + 1), features, probe, "float32") == COUNT
