"""Ranks by paired tests of all pairs of rows: each row gets the range of ranks that the tests leave open."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artbench.errors import ArtbenchError
from artbench.leaderboard.pair_tests import left_out_tests, resampled_tests
from artbench.leaderboard.paired_scores import PairedScores, scores
from artbench.leaderboard.scores_cache import cached_scores
from artbench.protocol import DEFAULT_PROTOCOL, protocol_named
from artbench.records.predictions import MISSING
from artbench.records.record import Record
from artbench.stats.metrics import METRICS
from artbench.stats.paired_tests import Differences, Scores, holm

# Largest probability that any pair of a leaderboard is called distinguishable in the wrong order.
LEVEL = 0.05
# Fewer images leave the long tail of errors in years out too often, and fewer clusters say too little of how much they
# differ, for the tests to keep `LEVEL` (docs/ranks.md).
_FEWEST_YEARS = 200
_FEWEST_CLUSTERS = 10
# Share of the images of the largest test that the common test of a leaderboard has at least.
_COMMON = 0.99


@dataclass(frozen=True, kw_only=True)
class Place:
    """Range of ranks of a row.

    Attributes:
        low: One more than the number of rows that are significantly better.
        high: The number of tested rows less those that are significantly worse.
        untested: Why the row could not be tested; empty if it was. Then `low` and `high` are one more than the number
            of rows that were tested, and of the others with a better value.
        doubt: Why the tests may find an order by chance more often than promised; empty if they don't.
    """

    low: int
    high: int
    untested: str = ""
    doubt: str = ""

    def __str__(self) -> str:
        """Return `2–4`, `3`, or in brackets if the row could not be tested or the test is in doubt."""
        text = f"{self.low}" if self.low == self.high else f"{self.low}–{self.high}"
        return f"({text})" if self.untested or self.doubt else text


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two rows tested against each other.

    Attributes:
        better: Id of the record with the better value; on a tie, the one further up.
        worse: Id of the other record.
        difference: Absolute difference, a fraction or years.
        ci95: Interval of the difference, of this pair alone, not corrected.
        p: Two-sided p. With resamples the larger one of the bootstrap and a second test, exact McNemar (accuracy) or
            sign-flip (other sums over images, and mean average precision); without, exact McNemar or
            `stats.robust_tests`.
        corrected: p with Holm's correction over all pairs of the leaderboard.
        mcnemar: Exact McNemar's p, for accuracy in a single round without clusters; else None.
    """

    better: str
    worse: str
    difference: float
    ci95: tuple[float, float]
    p: float
    corrected: float
    mcnemar: float | None

    @property
    def distinguishable(self) -> bool:
        """Whether the difference is significant."""
        return self.corrected <= LEVEL and self.difference > 0


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """Ranks of the rows of a leaderboard.

    With a probability of at least 95 % every distinguishable pair is in the right order, and then the ranges of all
    rows contain their true ranks. "Not distinguishable" is not transitive, so ranges may overlap without being equal.

    Attributes:
        places: Range of ranks by record id, in the order of the leaderboard.
        pairs: Every pair of tested rows, in the order of the leaderboard.
        method: How pairs were tested, in a few words.
        doubt: Why that may find an order by chance more often than promised; empty if it does not.
    """

    places: Mapping[str, Place]
    pairs: tuple[Pair, ...]
    method: str
    doubt: str = ""

    @cached_property
    def _by_ids(self) -> Mapping[frozenset[str], Pair]:
        return {frozenset((pair.better, pair.worse)): pair for pair in self.pairs}

    def pair(self, first: str, second: str) -> Pair | None:
        """Return the pair of two record ids, in any order; None if it was not tested."""
        return self._by_ids.get(frozenset((first, second)))

    @property
    def explanation(self) -> str:
        """What the ranks mean, in a sentence or two; empty for a single row."""
        if len(self.places) < 2:
            return ""
        said = []
        if self.pairs and self.doubt:
            said.append(
                "A rank such as (2–4) means that the test can't tell the row from its neighbours "
                f"({self.method}, Holm-corrected over all pairs). Ranks are in brackets, without a promise that they "
                f"hold with 95 % confidence, since {self.doubt}."
            )
        elif self.pairs:
            said.append(
                "A rank such as 2–4 means that the test can't tell the row from its neighbours: with 95 % confidence "
                f"every row's true rank lies in its range ({self.method}, Holm-corrected over all pairs)."
            )
        if self.untested:
            why = "; ".join(sorted(set(self.untested.values())))
            tested = len(self.untested) < len(self.places)
            below = ", below all rows that could be tested" if tested else ""
            said.append(f"A rank in brackets is by value alone{below}, since nothing could be tested: {why}.")
        return " ".join(said)

    @property
    def untested(self) -> Mapping[str, str]:
        """Why a row could not be tested, by record id."""
        return {key: place.untested for key, place in self.places.items() if place.untested}


def rank(records: Sequence[Record], predictions: Callable[[Record], Path] | None) -> Ranking:
    """Rank the records of one leaderboard, best first.

    Args:
        records: Records of one board, best first.
        predictions: Returns the file of a record's predictions; if None, nothing is tested.
    """
    found: dict[str, PairedScores] = {}
    reasons: dict[str, str] = {}
    protocol = protocol_named(records[0].protocol) or DEFAULT_PROTOCOL
    for record in records:
        if predictions is None:
            reasons[record.id] = MISSING
            continue
        try:
            found[record.id] = cached_scores(record, predictions(record), protocol=protocol)
        except ArtbenchError as error:
            reasons[record.id] = error.message
    reasons |= _strays(found)
    tested = [record for record in records if record.id not in reasons]
    pairs: tuple[Pair, ...] = ()
    doubt = ""
    if tested:
        scored = [found[record.id] for record in tested]
        drawn = None if protocol.bootstrap is None else scores(scored, tested[0], bootstrap=protocol.bootstrap)
        values = np.stack([one.values for one in scored if one.values is not None]) if drawn is None else drawn.values
        agree = np.isclose(values.mean(axis=1), [one.primary.value for one in tested], rtol=1e-4, atol=1e-6)
        reasons |= {
            record.id: "its predictions give another value than the record"
            for record, agrees in zip(tested, agree.tolist(), strict=True)
            if not agrees
        }
        tested = [record for record in tested if record.id not in reasons]
        scored = [found[record.id] for record in tested]
        if len(tested) > 1 and protocol.intervals is not None:
            doubt = _doubt(tested[0], scored[0])
            pairs = _pairs(tested, *left_out_tests(tested[0], scored, protocol.intervals))
        elif len(tested) > 1 and drawn is not None and protocol.bootstrap is not None:
            drawn = Scores(values=drawn.values[agree], resampled=drawn.resampled[agree], units=drawn.units)
            pairs = _pairs(tested, *resampled_tests(tested[0], scored, drawn, protocol.bootstrap))
    return Ranking(
        places=_places(records, tested, pairs, reasons, doubt),
        pairs=pairs,
        method="paired bootstrap" if protocol.intervals is None else "paired tests",
        doubt=doubt,
    )


def direction(record: Record) -> int:
    """Return 1 if more of a record's primary metric is better, -1 if less is; of an unknown one, as the record says."""
    known = METRICS.get(record.primary_metric)
    better = known.higher_is_better if known is not None else record.primary.higher_is_better is not False
    return 1 if better else -1


def _strays(found: Mapping[str, PairedScores]) -> dict[str, str]:
    """Return the records whose test is not that of most (on a tie, the one with most images), and the reason.

    A test that lacks more than a few images of the largest is not the common one, however many records have it: else
    two records of a chosen subset would put an honest one in brackets.
    """
    counts = Counter(one.test for one in found.values())
    sizes = {one.test: len(one.rounds) for one in found.values()}
    fewest = _COMMON * max(sizes.values(), default=0)
    whole = [test for test in counts if sizes[test] >= fewest]
    common = max(whole, key=lambda test: (counts[test], sizes[test], test), default="")
    reason = "its test images are not those of the other rows"
    return {key: reason for key, one in found.items() if one.test != common}


def _doubt(record: Record, scored: PairedScores) -> str:
    """Say why the tests of a leaderboard may not keep their level; empty if they do."""
    if record.clusters is not None:
        return f"fewer than {_FEWEST_CLUSTERS} painters say too little" if record.clusters < _FEWEST_CLUSTERS else ""
    metric = METRICS[record.primary_metric]
    if None in metric.bounds and len(scored.rounds) < _FEWEST_YEARS:
        return f"errors in {metric.unit} are too uneven for a test of fewer than {_FEWEST_YEARS} images"
    return ""


def _pairs(records: Sequence[Record], tests: Differences, exact: NDArray[np.float64] | None) -> tuple[Pair, ...]:
    p = tests.p
    corrected = holm(p)
    sign = direction(records[0])
    names = [record.id for record in records]
    made = []
    # Python's own numbers, of which there are half a million for a thousand rows.
    columns = tests.first, tests.second, sign * tests.value, sign * tests.low, sign * tests.high
    for at, (first, second, value, *both) in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
        ids, ends = (names[first], names[second]), sorted(both)
        if value < 0:
            # Rows with equal values that differ by a rounding error.
            value, ends, ids = -value, [-ends[1], -ends[0]], ids[::-1]
        made.append(
            Pair(
                better=ids[0],
                worse=ids[1],
                difference=_rounded(value),
                ci95=(_rounded(ends[0]), _rounded(ends[1])),
                p=_rounded(p[at]),
                corrected=_rounded(corrected[at]),
                mcnemar=None if exact is None else _rounded(exact[at]),
            )
        )
    return tuple(made)


def _places(
    records: Sequence[Record],
    tested: Sequence[Record],
    pairs: Sequence[Pair],
    reasons: Mapping[str, str],
    doubt: str,
) -> dict[str, Place]:
    apart = [pair for pair in pairs if pair.distinguishable]
    beaten, beating = Counter(pair.worse for pair in apart), Counter(pair.better for pair in apart)
    sign = direction(records[0])
    places = {}
    for record in records:
        if record.id in reasons:
            # By value among those that could not be tested, and below all that could.
            above = (
                1
                + len(tested)
                + sum(
                    sign * other.primary.value > sign * record.primary.value for other in records if other.id in reasons
                )
            )
            places[record.id] = Place(low=above, high=above, untested=reasons[record.id])
        else:
            places[record.id] = Place(low=1 + beaten[record.id], high=len(tested) - beating[record.id], doubt=doubt)
    return places


def _rounded(value: float) -> float:
    """Round to six digits, so that pages do not depend on the last bits of a machine."""
    return float(f"{value:.6g}")
