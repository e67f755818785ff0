"""The three keep artbench's contract, and agree with what they say they are."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from artbench_ordinal.grades import check_grades, quadratic_kappa
from artbench_ordinal.prints import paint, preservation, read

import artbench
from artbench.data import Answers
from artbench.testing import check_protocol, check_task


def test_kappa_is_that_of_cohens_table() -> None:
    labels, predicted = np.array([0, 1, 2, 2]), np.array([0, 1, 1, 2])
    # Squared distances add up to 1; of all 16 pairs of a label and a prediction, to 20.
    assert quadratic_kappa(Answers.of(labels, np.eye(3)[predicted])) == pytest.approx(1 - (1 / 4) / (20 / 16))
    assert quadratic_kappa(Answers.of(labels, np.eye(3)[labels])) == 1


def test_task_and_probe_keep_the_contract(tmp_path: Path) -> None:
    paint(tmp_path)
    check_task("prints-preservation", tmp_path)
    check_protocol("ordinal-mlp-v1")


def test_grades_without_an_order_are_refused(tmp_path: Path) -> None:
    paint(tmp_path)
    with pytest.raises(artbench.ArtbenchError, match="Name them by numbers"):
        check_grades(replace(preservation(read(tmp_path)), classes=("good", "fair", "poor", "bad", "lost")))
