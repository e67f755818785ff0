"""The choice of images: never hits alone."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from artbench.explain.gradcam.choice import answered, choose


def softmax(count: int, classes: int) -> NDArray[np.float32]:
    values = np.exp(3 * np.random.default_rng(0).normal(size=(count, classes)))
    found: NDArray[np.float32] = (values / values.sum(axis=1, keepdims=True)).astype(np.float32)
    return found


def test_hits_misses_and_random_ones_are_chosen_and_no_image_twice() -> None:
    outputs = softmax(200, 5)
    labels = np.random.default_rng(1).integers(0, 5, 200)
    rows = np.arange(200) // 2  # each image listed twice
    answers = answered(labels, outputs, named=None)
    chosen = choose(answers, rows, count=9, seed=0)
    assert Counter(choice.reason for choice in chosen) == {"confident hit": 3, "confident miss": 3, "random": 3}
    assert len({int(rows[choice.position]) for choice in chosen}) == 9
    hits = [choice.position for choice in chosen if choice.reason == "confident hit"]
    misses = [choice.position for choice in chosen if choice.reason == "confident miss"]
    assert answers.correct[hits].all()
    assert not answers.correct[misses].any()
    # The most confident, each of another class.
    once = np.unique(rows, return_index=True)[1]
    right = once[answers.correct[once]]
    assert hits[0] == right[answers.confidence[right].argmax()]
    assert len(set(answers.explained[hits].tolist())) == 3


def test_the_seed_alone_decides_the_random_ones() -> None:
    answers = answered(np.zeros(100, np.int64), softmax(100, 3), named=None)
    one, same, other = (choose(answers, np.arange(100), count=12, seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert one[:8] == other[:8]
    assert one != other


def test_a_class_limits_the_choice_to_images_that_have_it_or_are_predicted_to() -> None:
    labels, outputs = np.random.default_rng(1).integers(0, 5, 200), softmax(200, 5)
    answers = answered(labels, outputs, named=3)
    for choice in choose(answers, np.arange(200), count=30, seed=0):
        assert 3 in (labels[choice.position], outputs[choice.position].argmax())
        assert answers.explained[choice.position] == 3


def test_with_several_labels_the_named_one_counts_from_one_half() -> None:
    labels = np.array([[True, False], [True, True], [False, True], [False, False]])
    outputs = np.array([[0.9, 0.6], [0.3, 0.7], [0.8, 0.1], [0.1, 0.2]], np.float32)
    answers = answered(labels, outputs, named=0)
    assert answers.correct.tolist() == [True, False, False, True]
    assert answers.eligible.tolist() == [True, True, True, False]
    top = answered(labels, outputs, named=None)
    assert top.explained.tolist() == [0, 1, 0, 1]
    assert top.correct.tolist() == [True, True, False, False]


def test_where_there_are_no_misses_random_ones_take_their_places() -> None:
    outputs = softmax(50, 3)
    chosen = choose(answered(outputs.argmax(axis=1), outputs, named=None), np.arange(50), count=9, seed=0)
    assert Counter(choice.reason for choice in chosen) == {"confident hit": 3, "random": 6}
