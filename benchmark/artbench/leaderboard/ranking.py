"""Ranks by paired tests of all pairs of rows: each row gets the range of ranks that the tests leave open."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artbench.errors import ArtbenchError
from artbench.leaderboard.paired_scores import PairedScores, scores
from artbench.leaderboard.scores_cache import cached_scores
from artbench.protocol import Bootstrap
from artbench.records.predictions import MISSING
from artbench.records.record import Record
from artbench.stats.contributions import weights_of
from artbench.stats.metrics import METRICS
from artbench.stats.paired_tests import Differences, Scores, differences, holm, mcnemar, sign_flip

# Largest probability that any pair of a leaderboard is called distinguishable in the wrong order.
LEVEL = 0.05
BOOTSTRAP = Bootstrap()


@dataclass(frozen=True, kw_only=True)
class Place:
    """Range of ranks of a row.

    Attributes:
        low: One more than the number of rows that are significantly better.
        high: The number of tested rows less those that are significantly worse.
        untested: Why the row could not be tested; empty if it was. Then `low` and `high` are one more than the number
            of rows with a better value.
    """

    low: int
    high: int
    untested: str = ""

    def __str__(self) -> str:
        """Return `2–4`, `3`, or `(3)` if the row could not be tested."""
        text = f"{self.low}" if self.low == self.high else f"{self.low}–{self.high}"
        return f"({text})" if self.untested else text


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two rows tested against each other.

    Attributes:
        better: Id of the record with the better value; on a tie, the one further up.
        worse: Id of the other record.
        difference: Absolute difference, a fraction or years.
        ci95: Percentile interval of the difference, of this pair alone, not corrected.
        p: Two-sided p: the larger one of the bootstrap and a second test, exact McNemar (accuracy) or sign-flip (other
            sums over images, and mean average precision).
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
    """

    places: Mapping[str, Place]
    pairs: tuple[Pair, ...]

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
        if self.pairs:
            said.append(
                "A rank such as 2–4 means that the test can't tell the row from its neighbours: with 95 % confidence "
                "every row's true rank lies in its range (paired bootstrap, Holm-corrected over all pairs)."
            )
        if self.untested:
            why = "; ".join(sorted(set(self.untested.values())))
            said.append(f"A rank in brackets is by value alone, since nothing could be tested: {why}.")
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
    for record in records:
        if predictions is None:
            reasons[record.id] = MISSING
            continue
        try:
            found[record.id] = cached_scores(record, predictions(record), bootstrap=BOOTSTRAP)
        except ArtbenchError as error:
            reasons[record.id] = error.message
    reasons |= _strays(found)
    tested = [record for record in records if record.id not in reasons]
    pairs: tuple[Pair, ...] = ()
    if tested:
        measured = scores([found[record.id] for record in tested], tested[0], bootstrap=BOOTSTRAP)
        agreeing = []
        for at, record in enumerate(tested):
            if np.isclose(np.mean(measured.values[at]), record.primary.value, rtol=1e-4, atol=1e-6):
                agreeing.append(at)
            else:
                reasons[record.id] = "its predictions give another value than the record"
        tested = [tested[at] for at in agreeing]
        measured = Scores(
            values=measured.values[agreeing], resampled=measured.resampled[agreeing], units=measured.units
        )
        pairs = _pairs(tested, [found[record.id] for record in tested], measured)
    return Ranking(places=_places(records, tested, pairs, reasons), pairs=pairs)


def direction(metric: str) -> int:
    """Return 1 if more is better, -1 if less is."""
    known = METRICS.get(metric)
    return 1 if known is None or known.higher_is_better else -1


def _strays(found: Mapping[str, PairedScores]) -> dict[str, str]:
    """Return the records whose test is not that of most (on a tie, the one with most images), and the reason."""
    counts = Counter(one.test for one in found.values())
    sizes = {one.test: len(one.rounds) for one in found.values()}
    common = max(counts, key=lambda test: (counts[test], sizes[test], test), default="")
    reason = "its test images are not those of the other rows"
    return {key: reason for key, one in found.items() if one.test != common}


def _pairs(records: Sequence[Record], found: Sequence[PairedScores], measured: Scores) -> tuple[Pair, ...]:
    tests = differences(measured, bootstrap=BOOTSTRAP)
    second, exact = _second_test(records, found, measured, tests)
    p = tests.p if second is None else np.maximum(tests.p, second)
    corrected = holm(p)
    sign = direction(records[0].primary_metric) if records else 1
    made = []
    for at in range(len(p)):
        ids = records[tests.first[at]].id, records[tests.second[at]].id
        value, ends = sign * tests.value[at], sorted((sign * tests.low[at], sign * tests.high[at]))
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


def _second_test(
    records: Sequence[Record], found: Sequence[PairedScores], measured: Scores, tests: Differences
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """Return p values of a test without resamples, and McNemar's, for every pair; None where they don't apply.

    They need to know what each image of a single round adds to the metric.
    """
    first = found[0] if found else None
    if first is None or first.rounds.any():
        return None, None
    if first.added is None:
        parts = [one.parts for one in found if one.parts is not None]
        if len(parts) < len(found):
            return None, None
        even = np.ones(len(parts[0]))
        p = sign_flip(np.stack(parts), even, first.clusters, values=measured.values[:, 0])
        return p[tests.first, tests.second], None
    added = np.stack([one.added for one in found if one.added is not None])
    record = records[0]
    if record.primary_metric == "accuracy" and first.clusters is None:
        both = added @ added.T
        alone = (added.sum(axis=1)[:, None] - both).astype(np.int64)
        exact = mcnemar(alone[tests.first, tests.second], alone[tests.second, tests.first])
        return exact, exact
    classes = record.dataset.classes
    weights = weights_of(record.primary_metric, added.shape[1], labels=first.labels, classes=classes)
    return sign_flip(added, weights, first.clusters)[tests.first, tests.second], None


def _places(
    records: Sequence[Record], tested: Sequence[Record], pairs: Sequence[Pair], reasons: Mapping[str, str]
) -> dict[str, Place]:
    apart = [pair for pair in pairs if pair.distinguishable]
    beaten, beating = Counter(pair.worse for pair in apart), Counter(pair.better for pair in apart)
    sign = direction(records[0].primary_metric)
    places = {}
    for record in records:
        if record.id in reasons:
            above = 1 + sum(sign * other.primary.value > sign * record.primary.value for other in records)
            places[record.id] = Place(low=above, high=above, untested=reasons[record.id])
        else:
            places[record.id] = Place(low=1 + beaten[record.id], high=len(tested) - beating[record.id])
    return places


def _rounded(value: float) -> float:
    """Round to six digits, so that pages do not depend on the last bits of a machine."""
    return float(f"{value:.6g}")
