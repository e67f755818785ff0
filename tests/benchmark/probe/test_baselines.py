"""Guesses that look at no image."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from artbench.data.outputs import Leading, Outputs
from artbench.probe.baselines import Guess, Known, guesses
from artbench.protocol import Bootstrap
from artbench_wikiart.layout import find_lists
from artbench_wikiart.lists import Row, read_lists
from artbench_wikiart.tasks import painter_of
from tests.support.estimates import evaluate
from tests.support.real_data import REAL_DATA, needs_real_data


def known(labels: ArrayLike, groups: Sequence[str] | None = None) -> Known:
    given = np.array(labels)
    return Known(labels=given, ids=[str(k) for k in range(len(given))], groups=groups)


def guessed(train: Known, test: Known) -> dict[str, Guess]:
    kind = {"i": "single-label", "b": "multi-label", "f": "year"}[train.labels.dtype.kind]
    return {g.name: g for g in guesses(train, test, target=kind, classes=3, fraction=0.1)}


def kept(outputs: Outputs) -> dict[str, Any]:
    return vars(outputs) if isinstance(outputs, Leading) else {"all": outputs}


def whole(guess: Guess) -> NDArray[np.floating]:
    assert not isinstance(guess.outputs, Leading)
    return guess.outputs


TRAIN = known([2, 1, 2, 0, 0, 1, 1, 1], ["a", "a", "b", "b", "b", "", "", ""])
TEST = known([0, 0, 0, 0], ["a", "b", "c", ""])


def test_everyone_gets_the_largest_class() -> None:
    outputs = whole(guessed(TRAIN, TEST)["largest class"])
    np.testing.assert_allclose(outputs, [[2 / 8, 4 / 8, 2 / 8]] * 4)


def test_a_painter_gets_the_commonest_class_and_of_equals_the_first_listed() -> None:
    outputs = guessed(TRAIN, TEST)["painter's commonest class"].outputs
    assert isinstance(outputs, Leading)
    # Painter a: classes 2 and 1 once each. Painter c is new, and nobody knows the last.
    assert outputs.classes[:, 0].tolist() == [2, 0, 1, 1]
    np.testing.assert_allclose(outputs.probabilities.sum(axis=1), 1)
    np.testing.assert_allclose(outputs.probabilities[2:], [[4 / 8, 2 / 8, 2 / 8]] * 2)
    assert outputs.classes[2:].tolist() == [[1, 0, 2]] * 2


def test_without_painters_there_is_one_row_and_the_test_labels_play_no_part() -> None:
    assert list(guessed(known(TRAIN.labels), known(TEST.labels))) == ["largest class"]
    other = guessed(TRAIN, known([2, 1, 2, 1], TEST.groups))
    for name, guess in guessed(TRAIN, TEST).items():
        ours, theirs = kept(other[name].outputs), kept(guess.outputs)
        assert all(np.array_equal(ours[part], theirs[part]) for part in ours)


def test_of_labels_the_frequencies_are_guessed_with_thresholds_from_train() -> None:
    random = np.random.default_rng(0)
    labels = random.random((400, 3)) < [0.6, 0.3, 0.05]
    painters = [f"painter {row[1]}" for row in labels]
    found = guessed(known(labels, painters), known(labels[:5], painters[:5]))
    assert list(found) == ["label frequencies", "painter's label frequencies"]
    np.testing.assert_allclose(whole(found["label frequencies"]), [labels.mean(axis=0)] * 5)
    np.testing.assert_allclose(whole(found["painter's label frequencies"])[:, 1], labels[:5, 1], atol=0.01)
    for guess in found.values():
        assert guess.thresholds.keys() == {"sample_f2", "micro_f1"}
        assert ((whole(guess) > 0) & (whole(guess) < 1)).all()


def test_of_years_the_median_is_guessed() -> None:
    train = known([1600.0, 1610.0, 1650.0, 1800.0, 1820.0], ["a", "a", "a", "b", "b"])
    found = guessed(train, known([0.0, 0.0, 0.0], ["a", "b", "c"]))
    assert whole(found["median year"]).tolist() == [[1650.0]] * 3
    assert whole(found["painter's median year"]).tolist() == [[1610.0], [1810.0], [1650.0]]


@needs_real_data
@pytest.mark.parametrize(
    ("task", "largest", "painter", "balanced"), [("style", 16.04, 80.98, 77.10), ("genre", 21.72, 58.69, 53.11)]
)
def test_on_the_whole_of_wikiart_the_painter_tells_most(
    task: str, largest: float, painter: float, balanced: float
) -> None:
    lists = read_lists(find_lists(REAL_DATA / "artgan-lists")[task])

    def listed(rows: Sequence[Row]) -> Known:
        return Known(
            labels=np.array([row.label for row in rows]),
            ids=[row.path for row in rows],
            groups=[painter_of(row.path) for row in rows],
        )

    test = listed(lists.val)
    found = guesses(listed(lists.train), test, target="single-label", classes=len(lists.classes), fraction=0.1)
    scores = [
        evaluate(test.labels, guess.outputs, target="single-label", bootstrap=Bootstrap(resamples=10))
        for guess in found
    ]
    assert round(100 * scores[0]["accuracy"].value, 2) == largest
    assert round(100 * scores[1]["accuracy"].value, 2) == painter
    assert round(100 * scores[1]["balanced_accuracy"].value, 2) == balanced
