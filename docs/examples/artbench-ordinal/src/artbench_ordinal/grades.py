"""What a grade is, and how well grades agree."""

import numpy as np

from artbench import ArtbenchError
from artbench.data import Answers, Targets


def check_grades(targets: Targets) -> None:
    """Raise ArtbenchError unless the classes are numbers in ascending order: their places are what is measured."""
    grades = [int(name) if name.isdecimal() else -1 for name in targets.classes]
    if -1 in grades or grades != sorted(grades):
        raise ArtbenchError(f"grades are {', '.join(targets.classes)}", mend="Name them by numbers, in ascending order")


def quadratic_kappa(answers: Answers) -> float:
    """Return one minus the mean squared distance of grades over that of grades drawn apart; 1 if all are the same."""
    given, predicted = answers.labels.astype(float), answers.predicted.astype(float)
    by_chance = given.var() + predicted.var() + (given.mean() - predicted.mean()) ** 2
    return 1.0 if by_chance == 0 else float(1 - np.mean((given - predicted) ** 2) / by_chance)
