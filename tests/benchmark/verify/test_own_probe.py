"""Answers of a probe that was fitted again, held against those on record."""

import numpy as np

from artbench.data.outputs import Leading
from artbench.data.targets import Split
from artbench.evaluation.rounds import Round
from artbench.records.predictions import StoredPredictions
from artbench.verify.own_probe import classes_apart, gaps_of_classes

CHANCES = np.array([[0.6, 0.3, 0.1], [0.2, 0.5, 0.3]], np.float32)


def test_a_class_that_does_not_lead_is_no_prediction_though_its_probability_is_true() -> None:
    here = Leading.of(CHANCES)
    honest = gaps_of_classes(np.array([0, 1]), np.array([0.6, 0.5]), here)
    np.testing.assert_allclose(honest, 0, atol=1e-6)
    forged = gaps_of_classes(np.array([1, 1]), np.array([0.3, 0.4]), here)
    np.testing.assert_allclose(forged, [0.3, 0.1], atol=1e-6)


def test_classes_on_record_are_counted_beside_those_of_two_seeds() -> None:
    here = [np.array([0, 1, 2, 0]), np.array([0, 1, 2, 1])]
    rounds = [
        Round(
            fitted_on=9,
            groups=None,
            test=Split(rows=np.arange(4), labels=own),
            answers=None,
            outputs=Leading.of(np.eye(3, dtype=np.float32)[own]),
            metrics={},
            neighbours={},
        )
        for own in here
    ]
    stored = StoredPredictions(
        images=np.array(list("abcdabcd"), object),
        labels=np.concatenate(here),
        predicted=np.array([0, 0, 0, 0, 0, 1, 2, 1]),
        confidence=np.ones(8, np.float32),
        rounds=np.repeat([0, 1], 4),
        clusters=None,
    )
    assert classes_apart(stored, rounds, 2) == (0.25, 0.25)
