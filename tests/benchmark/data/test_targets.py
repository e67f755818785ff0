"""What a task asks of a dataset."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from artbench.data.dataset import Dataset
from artbench.data.targets import Split, Targets

NAMES = [f"{number}.jpg" for number in range(9)]
DATASET = Dataset(name="toy", root=Path(), ids=NAMES, files=NAMES, versions=["1"] * 9)


def split(*rows: int) -> Split:
    return Split(rows=np.array(rows), labels=np.array(rows) % 2)


TARGETS = Targets(classes=("even", "odd"), train=split(0, 1, 2), test=split(3, 4))
REPEATED = replace(TARGETS, repeats=(Targets(classes=TARGETS.classes, train=split(3, 4), test=split(8, 7)),))


def test_rows_and_rounds_cover_the_repeats() -> None:
    assert TARGETS.rows.tolist() == [0, 1, 2, 3, 4]
    assert REPEATED.rows.tolist() == [0, 1, 2, 3, 4, 7, 8]
    assert [round_.test.rows.tolist() for round_ in REPEATED.rounds] == [[3, 4], [8, 7]]


def test_the_fingerprint_tells_splits_apart_and_not_groups() -> None:
    fingerprints = {
        targets.fingerprint(DATASET)
        for targets in (
            TARGETS,
            REPEATED,
            replace(TARGETS, train=split(0, 1)),
            replace(TARGETS, classes=("even", "uneven")),
            replace(TARGETS, train=Split(rows=TARGETS.train.rows, labels=np.array([1600.0, 1601.0, 1602.0]))),
        )
    }
    assert len(fingerprints) == 5
    assert replace(TARGETS, groups=["someone"] * 9).fingerprint(DATASET) == TARGETS.fingerprint(DATASET)


def test_groups_are_those_of_the_rows() -> None:
    named = replace(TARGETS, groups=[f"painter {row % 4}" for row in range(9)])
    assert named.groups_of(named.test) == ["painter 3", "painter 0"]
    assert TARGETS.groups_of(TARGETS.test) is None
