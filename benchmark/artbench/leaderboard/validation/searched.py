"""Whether rankings and neighbours of a record can be had from its task: what belongs together is known beforehand."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from artbench.data.cells import designs, members_of, numbered
from artbench.data.rankings import NOTHING, Rankings
from artbench.data.targets import Split, Targets
from artbench.leaderboard.validation.findings import RERUN, FileFindings
from artbench.records.predictions import StoredPredictions

# What the sums of other machines differ by, as a share of them.
_ROUNDING = 1e-6


def check_searched(
    targets: Targets, stored: StoredPredictions, tested: Sequence[Split], unreadable: int, about: FileFindings
) -> None:
    """Compare how many pictures belong with each query, or how many neighbours each picture has, with the task.

    Args:
        targets: Targets of the task.
        stored: Predictions of a record.
        tested: The images of each of its rounds.
        unreadable: Number of images that it could not read.
        about: Receives what is found.
    """
    for number, split in enumerate(tested):
        rows = stored.rounds == number
        index = targets.rounds[number * len(targets.rounds) // len(tested)].train
        if stored.rankings is not None:
            _check_rankings(stored.rankings.take(rows), split, index, unreadable, about)
        elif stored.neighbourhoods is not None:
            assert targets.origins is not None
            expected = _neighbours(split.labels.astype(np.int64), [targets.origins[row] for row in split.rows.tolist()])
            given = stored.neighbourhoods.counts[rows].sum(axis=1)
            if wrong := int((np.abs(given - expected) > _ROUNDING * np.maximum(1, expected)).sum()):
                about.fault(
                    f"{wrong:,} of {len(split):,} pictures have more or fewer neighbours than are counted", RERUN
                )


def _check_rankings(given: Rankings, split: Split, index: Split, unreadable: int, about: FileFindings) -> None:
    known = index.labels[index.labels != NOTHING]
    counts = np.bincount(known, minlength=int(split.labels.max(initial=0)) + 1)
    # A query is not looked for in the index.
    itself = np.isin(split.rows, index.rows)
    belonging = np.where(split.labels == NOTHING, 0, counts[split.labels] - itself)
    lacking = belonging - given.belonging
    if wrong := int(((lacking < 0) | (lacking > unreadable)).sum()):
        about.fault(
            f"{wrong:,} of {len(split):,} queries have more or fewer pictures that belong with them than the index",
            RERUN,
        )
    if (given.places > (len(index) - itself)[:, None]).any():
        about.fault(f"places lie beyond the {len(index):,} pictures of the index", RERUN)


def _neighbours(classes: NDArray[np.int64], origins: Sequence[str]) -> NDArray[np.int64]:
    """Return how many neighbours of each picture are counted: of a comparison as many as its smallest cell has."""
    members = members_of(classes, numbered(origins))
    found = np.zeros(len(classes), np.int64)
    for design in designs(list(members)):
        cells = [members[cell] for cell in design.cells]
        for cell in cells:
            found[cell] += min(map(len, cells))
    return found
