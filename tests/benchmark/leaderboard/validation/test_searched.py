"""Who belongs with a query, and how many neighbours are counted, is told by the task, whatever a record says."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from artbench.data import Split, Targets
from artbench.data.rankings import Rankings
from artbench.leaderboard.validation.findings import FileFindings
from artbench.leaderboard.validation.searched import check_searched
from artbench.probe.neighbourhoods import neighbourhoods
from artbench.records.predictions import StoredPredictions
from artbench.runtime.findings import Finding
from tests.support.neighbours import planted

VECTORS, LABELS, PLACES = planted(np.random.default_rng(0), of_class=1, of_origin=1, shape=(2, 2, 6))
# Row 1 is query and picture of the index; row 4 is a distractor.
INDEX = Split(rows=np.arange(4), labels=np.array([0, 0, 1, 1]))
QUERIES = Split(rows=np.array([1, 4, 5]), labels=np.array([0, -1, 1]))
HONEST = [[2], [], [1, 4]]


def found(targets: Targets, stored: StoredPredictions, *, unreadable: int = 0) -> list[str]:
    findings: list[Finding] = []
    check_searched(targets, stored, [targets.test], unreadable, FileFindings("a.json", findings))
    return [str(finding) for finding in findings]


def answered(split: Split) -> StoredPredictions:
    return StoredPredictions(
        images=np.array([str(row) for row in split.rows], object),
        labels=split.labels,
        predicted=None,
        confidence=None,
        rounds=np.zeros(len(split), np.int64),
        clusters=None,
    )


def ranked(places: Sequence[Sequence[int]], *, unreadable: int = 0) -> list[str]:
    given = [np.array(one, np.int64) for one in places]
    rankings = Rankings.of(given, nearest=np.array([1, 0, 1]), similarity=np.ones(3))
    targets = Targets(classes=("one", "other"), train=INDEX, test=QUERIES)
    return found(targets, replace(answered(QUERIES), rankings=rankings), unreadable=unreadable)


def test_rankings_that_the_index_allows_are_no_fault() -> None:
    assert ranked(HONEST) == []
    assert ranked([[2], [], [1]], unreadable=1) == []


@pytest.mark.parametrize(
    ("places", "said"),
    [
        ([[], [], [1, 4]], "1 of 3 queries have more or fewer pictures"),
        ([[2], [], [1]], "1 of 3 queries have more or fewer pictures"),
        ([[2, 3], [], [1, 2, 3]], "2 of 3 queries have more or fewer pictures"),
        ([[4], [], [1, 4]], "places lie beyond the 4 pictures of the index"),
    ],
)
def test_rankings_that_the_index_does_not_allow_are_faults(places: list[list[int]], said: str) -> None:
    (fault,) = ranked(places)
    assert said in fault


@pytest.mark.parametrize(("times", "said"), [(1, []), (10, ["24 of 24 pictures have more or fewer neighbours"])])
def test_the_number_of_neighbours_is_that_of_the_comparisons(times: int, said: list[str]) -> None:
    split = Split(rows=np.arange(len(LABELS)), labels=LABELS)
    near = neighbourhoods(VECTORS, LABELS, PLACES)
    origins = [f"museum {place}" for place in PLACES.tolist()]
    targets = Targets(classes=("ink", "oil"), train=split, test=split, origins=origins)
    stored = replace(
        answered(split), neighbourhoods=replace(near, counts=near.counts * times, added=near.added * times)
    )
    faults = found(targets, stored)
    assert len(faults) == len(said)
    assert all(part in fault for part, fault in zip(said, faults, strict=True))
