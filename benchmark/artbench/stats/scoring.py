"""Scores the rounds of a task and averages them, with intervals as a protocol makes them."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from artbench.data.outputs import Answered
from artbench.data.targets import Labels
from artbench.protocol import Protocol
from artbench.specs import TargetKind
from artbench.stats.bootstrap import Estimate, Sampled, combine
from artbench.stats.intervals import interval_of
from artbench.stats.left_out import LeftOut, averaged, left_out
from artbench.stats.metrics import METRICS, sample
from artbench.stats.units import RoundTest, units_of

Scored: TypeAlias = Sampled | LeftOut


class Scorer:
    """Scores predictions for the rounds of a task.

    Args:
        tests: The test images of each round.
        target: Kind of target.
        protocol: How intervals are made.
        more: Names of metrics beside those that every task of this kind has.
    """

    def __init__(
        self, tests: Sequence[RoundTest], *, target: TargetKind, protocol: Protocol, more: Sequence[str] = ()
    ) -> None:
        self._tests, self._target, self._protocol, self._more = tests, target, protocol, more
        self._units = None if protocol.intervals is None else units_of(tests, intervals=protocol.intervals)

    def score(
        self,
        number: int,
        labels: Labels,
        outputs: Answered,
        *,
        thresholds: Mapping[str, float] | None = None,
    ) -> Mapping[str, Scored]:
        """Compute every metric, and what its interval needs.

        Args:
            number: Which of the tests the images are of.
            labels: As `Split.labels`.
            outputs: Probabilities, shape (n, classes), the leading ones of them, years, shape (n, 1), or rankings.
            thresholds: Threshold by metric; metrics that need one and have none are left out.

        Raises:
            ArtbenchError: There are no images, or a metric is undefined because no image has a label.
        """
        if self._units is not None:
            return left_out(
                labels,
                outputs,
                target=self._target,
                units=self._units[number],
                thresholds=thresholds,
                more=self._more,
            )
        assert self._protocol.bootstrap is not None
        return sample(
            labels,
            outputs,
            target=self._target,
            bootstrap=self._protocol.bootstrap,
            thresholds=thresholds,
            clusters=self._tests[number].clusters,
            more=self._more,
        )

    def estimates(self, rounds: Sequence[Mapping[str, Scored]]) -> dict[str, Estimate]:
        """Average over rounds, with intervals that cover the choice of rounds and of test images."""
        intervals = self._protocol.intervals
        if intervals is None:
            drawn = [{name: one for name, one in found.items() if isinstance(one, Sampled)} for found in rounds]
            assert self._protocol.bootstrap is not None
            return combine(drawn, bootstrap=self._protocol.bootstrap)
        estimates = {}
        for name in rounds[0]:
            mean = averaged([one for found in rounds if isinstance(one := found[name], LeftOut)])
            metric = METRICS[name]
            # One painter says nothing of others, where a plugin's metric may be anything.
            known = metric.statistic == "counts" or len(mean.without) > 1 or None not in metric.bounds
            ends = None
            if metric.statistic != "none" and known:
                ends = interval_of(mean, bounds=metric.bounds, intervals=intervals)
            estimates[name] = Estimate(value=mean.value, ci95=ends)
        return estimates
