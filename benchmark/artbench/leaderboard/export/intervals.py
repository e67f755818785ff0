"""Sentences on how the intervals of leaderboards were computed."""

from collections.abc import Sequence

from artbench.leaderboard.board import Board
from artbench.leaderboard.export.citations import BOOTSTRAP, CLOPPER_PEARSON, HALL, JACKKNIFE, KORN_GRAUBARD, Citations
from artbench.leaderboard.export.encoders import listed
from artbench.protocol import Protocol
from artbench.records.record import task_name
from artbench.stats.metrics import METRICS

# Shares of right images, whose intervals are exact where images are single and tested once.
_SHARES = {"accuracy", "top5_accuracy", "within_50_years"}


def intervals(boards: Sequence[Board], protocol: Protocol, cite: Citations) -> str:
    """Return a sentence on the intervals of leaderboards under one protocol."""
    kinds: dict[str, list[Board]] = {}
    for board in boards:
        kinds.setdefault(_interval(board, protocol, cite), []).append(board)
    if len(kinds) == 1:
        return f"Brackets are 95 % {next(iter(kinds))}."
    return f"Brackets are 95 % intervals: {'; '.join(f'for {named_tasks(of)}, {kind}' for kind, of in kinds.items())}."


def _interval(board: Board, protocol: Protocol, cite: Citations) -> str:
    """Describe the intervals of a leaderboard's own metric, which alone has brackets."""
    first = board.first
    if protocol.bootstrap is not None:
        of = "the test images" if first.clusters is None else "the painters of the test images"
        return f"percentile intervals of {protocol.bootstrap.resamples:,} bootstrap resamples of {of} {cite(BOOTSTRAP)}"
    if first.primary_metric in _SHARES and first.clusters is None and not first.rounds:
        return f"exact binomial intervals {cite(CLOPPER_PEARSON)}"
    ranked = protocol.search is not None and protocol.search.asks == "ranking"
    grouped = "group of queries that belong together" if ranked else "painter of the test images"
    left_out = "test image" if first.clusters is None else grouped
    how = f"intervals from leaving out each {left_out} {cite(JACKKNIFE)}"
    if first.primary.ci95 is None:
        return "no intervals, as nothing is known of the chance of the metric"
    metric = METRICS.get(first.primary_metric)
    if metric is not None and None in metric.bounds:
        how += f", by Student's t and its transformation for skewness {cite(HALL)}"
    elif first.primary_metric == "expected_calibration_error":
        how += ", by inverting a test"
    else:
        how += f", binomial ones {cite(CLOPPER_PEARSON)} at the effective sample size {cite(KORN_GRAUBARD)}"
    return how + (", with the variance between rounds" if first.rounds else "")


def named_tasks(boards: Sequence[Board]) -> str:
    """Return the names of the tasks of leaderboards, in words."""
    return listed(list(dict.fromkeys(task_name(board.first) for board in boards)))
