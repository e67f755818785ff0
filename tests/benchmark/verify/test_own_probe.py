"""Answers of a probe that was fitted again, held against those on record."""

import numpy as np

from artbench.data.outputs import Leading
from artbench.verify.own_probe import gaps_of_classes

CHANCES = np.array([[0.6, 0.3, 0.1], [0.2, 0.5, 0.3]], np.float32)


def test_a_class_that_does_not_lead_is_no_prediction_though_its_probability_is_true() -> None:
    here = Leading.of(CHANCES)
    honest = gaps_of_classes(np.array([0, 1]), np.array([0.6, 0.5]), here)
    np.testing.assert_allclose(honest, 0, atol=1e-6)
    forged = gaps_of_classes(np.array([1, 1]), np.array([0.3, 0.4]), here)
    np.testing.assert_allclose(forged, [0.3, 0.1], atol=1e-6)
