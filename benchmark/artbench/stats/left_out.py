"""Every metric without each unit of the test, for its interval and for paired tests.

A metric is computed once on all test images and once without each unit: an image, a cluster such as a painter, or,
where there are very many, a group of them. These values say how much the metric depends on each unit (the delete-one
jackknife: Quenouille 1956, Tukey 1958; with clusters the variance CV3: MacKinnon, Nielsen and Webb 2023).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from artbench.data.answers import Answers
from artbench.data.neighbourhoods import Neighbourhoods
from artbench.data.outputs import Answered, Outputs
from artbench.data.rankings import Rankings
from artbench.data.targets import Labels
from artbench.specs import MetricSpec, TargetKind
from artbench.stats.image_shares import COUNTS, image_shares, largest_value, smoothed_variance
from artbench.stats.measuring import Outcome, check_images, measure_all, measured
from artbench.stats.metrics import METRICS, metrics_of
from artbench.stats.plain import each_image, is_counted, plain_value, without
from artbench.stats.single_label import CALIBRATION_BINS, SingleLabelOutcome
from artbench.stats.units import Units

# Far enough from a mean for its bias to show, which is then taken off.
_BIASED = ("macro_f1", "mean_average_precision")
_INTERPOLATED, _EXACT = "mean_average_precision_11_point", "mean_average_precision"


@dataclass(frozen=True, kw_only=True)
class CalibrationGaps:
    """What the calibration error is the sum of: the distance between confidence and accuracy in each bin.

    Attributes:
        gaps: Sum of confidence less correctness in each bin, over the number of images, float64, shape (bins,).
        scatter: What each unit adds to that, less its expected part, shape (bins, units).
        least: Variance of each gap that is not undercut, of images as sure as the encoder is, and of one unit more,
            shape (bins,).
    """

    gaps: NDArray[np.float64]
    scatter: NDArray[np.float64]
    least: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A metric on all test images, and without each unit of them.

    Attributes:
        value: Value on all images.
        without: Value without each unit, float64, shape (units,); NaN where nothing is left.
        shares: Share of each unit in the metric, which sum to 1, float64, shape (units,): of accuracy, its share of
            the images; of balanced accuracy, that of images weighted by 1 / images of their class.
        image_squares: Sum of the squared shares of single images; that of `shares` if the units are images.
        single: Variance if all images were independent, which clusters may not undercut.
        carrying: How many single images carry that variance.
        images: Number of different test images.
        top: Largest value that is possible on these images; for errors in years, the range of years of the test, or the
            largest error.
        biased: Whether the jackknife's estimate of bias is taken off, for metrics that are not means.
        plain: Whether the units are single images and each adds 0 or 1, all with the same weight.
        calibration: Gaps of the bins, for the calibration error.
        rounds: Value in each round (draw, split), shape (rounds,).
    """

    value: float
    without: NDArray[np.float64]
    shares: NDArray[np.float64]
    image_squares: float
    single: float
    carrying: float
    images: int
    top: float
    biased: bool
    plain: bool
    calibration: CalibrationGaps | None
    rounds: NDArray[np.float64]

    @property
    def influence(self) -> NDArray[np.float64]:
        """What each unit adds to the value: shape (units,), with a sum near 0, and squares that sum to the variance."""
        units = len(self.without)
        added: NDArray[np.float64] = np.nan_to_num(self.value - self.without) * np.sqrt(max(units - 1, 1) / units)
        return added

    @property
    def bias(self) -> float:
        """Jackknife estimate of the bias (Quenouille 1956); 0 for means."""
        return float((len(self.without) - 1) * (np.nanmean(self.without) - self.value)) if self.biased else 0.0

    @property
    def between(self) -> float:
        """Variance of the mean over rounds that comes from the rounds; 0 for one."""
        count = len(self.rounds)
        return float(self.rounds.var(ddof=1)) / count if count > 1 else 0.0


def left_out(
    labels: Labels,
    outputs: Answered,
    *,
    target: TargetKind,
    units: Units,
    thresholds: Mapping[str, float] | None = None,
    only: Sequence[str] | None = None,
    more: Sequence[str] = (),
) -> dict[str, LeftOut]:
    """Compute every metric of a kind of target on all test images of a round and without each unit of them.

    Args:
        labels: As `Split.labels`.
        outputs: Probabilities, shape (n, classes), the leading ones of them, years, shape (n, 1), rankings, or what
            neighbours share.
        target: Kind of target.
        units: Units of the images.
        thresholds: Threshold by metric; metrics that need one and have none are left out.
        only: Names of the metrics; None for all.
        more: Names of metrics beside those that every task of this kind has.

    Raises:
        ArtbenchError: There are no images, or a metric is undefined because no image has a label.

    Examples:
        >>> import numpy as np
        >>> from artbench.protocol import Intervals
        >>> from artbench.stats.left_out import left_out
        >>> from artbench.stats.units import RoundTest, units_of
        >>> probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]])
        >>> (units,) = units_of([RoundTest(images="abcd")], intervals=Intervals())
        >>> found = left_out(np.array([0, 1, 1, 0]), probabilities, target="single-label", units=units)
        >>> found["accuracy"].value, found["accuracy"].without.round(2).tolist()
        (0.75, [0.67, 0.67, 1.0, 0.67])
    """
    given = thresholds or {}
    wanted = [*only, _EXACT] if only and _INTERPOLATED in only else only
    named = metrics_of(target, more) if wanted is None else [METRICS[name] for name in wanted]
    asked = [m for m in named if not m.needs_threshold or m.name in given]
    found: dict[str, LeftOut] = {}
    counted = [metric for metric in asked if is_counted(metric)]
    if not isinstance(outputs, Rankings | Neighbourhoods):
        found = _counted(counted, labels, outputs, units, given)
    if len(found) < len(asked):
        check_images(labels)
        answers = Answers.of(labels, outputs)
        found |= {m.name: _plain(m, answers, units) for m in asked if not is_counted(m)}
    return {m.name: found[m.name] for m in asked if only is None or m.name in only}


def _counted(
    metrics: Sequence[MetricSpec], labels: Labels, outputs: Outputs, units: Units, thresholds: Mapping[str, float]
) -> dict[str, LeftOut]:
    """Return metrics that measure counts, on all images and without each unit."""
    outcome, values = measure_all(metrics, labels, outputs, thresholds=thresholds)
    # Interpolation takes the best of a few precisions, so that leaving out one image says nothing of many.
    smooth = [metric for metric in metrics if metric.name != _INTERPOLATED]
    each = _without(smooth, outcome, units.of, units.count)
    alone = each
    if units.clustered:
        alone = _without(smooth, outcome, units.singles, int(units.singles.max()) + 1)
    found: dict[str, LeftOut] = {}
    for metric in smooth:
        name, value = metric.name, float(values[metric.name][0])
        shares = image_shares(name, labels, outcome, thresholds)
        one_by_one = np.nan_to_num(value - alone[name])
        found[name] = LeftOut(
            value=value,
            without=each[name],
            shares=np.bincount(units.of, shares, minlength=units.count).astype(np.float64),
            image_squares=float(np.square(shares).sum()),
            single=max(smoothed_variance(name, labels, outcome, value), float(np.square(one_by_one).sum())),
            carrying=carrying(one_by_one),
            images=units.images,
            top=largest_value(metric, labels, outcome),
            biased=name in _BIASED,
            plain=name in COUNTS and not units.clustered,
            calibration=_calibration(outcome, units) if name == "expected_calibration_error" else None,
            rounds=np.array([value]),
        )
    if _INTERPOLATED in values:
        exact, rough = found[_EXACT], float(values[_INTERPOLATED][0])
        moved = exact.without - exact.value + rough
        found[_INTERPOLATED] = replace(exact, value=rough, rounds=np.array([rough]), without=moved, biased=False)
    return found


def _plain(metric: MetricSpec, answers: Answers, units: Units) -> LeftOut:
    """Return a metric that does not measure counts, on all images and without each unit."""
    value, n = plain_value(metric, answers, defined=True), len(answers)
    unknown = np.full(units.count, np.nan)
    each = unknown if metric.statistic == "none" else without(metric, answers, units.of, units.count)
    alone, counting, single = each, np.ones(n), 0.0
    if units.clustered and metric.statistic != "none":
        alone = without(metric, answers, units.singles, int(units.singles.max()) + 1)
    shares = counting
    counts = False
    if metric.statistic == "mean":
        numbers = each_image(metric, answers)
        shares = (~np.isnan(numbers)).astype(np.float64)
        known = numbers[~np.isnan(numbers)]
        shared = metric.unit == "fraction" and bool(np.isin(known, (0, 1)).all())
        single = value * (1 - value) / len(known) if shared else 0.0
        # Shares of images, as accuracy is, have an exact interval.
        counts = shared and len(known) == n
    shares = shares / shares.sum()
    one_by_one = np.nan_to_num(value - alone)
    return LeftOut(
        value=value,
        without=each,
        shares=np.bincount(units.of, shares, minlength=units.count).astype(np.float64),
        image_squares=float(np.square(shares).sum()),
        single=max(single, float(np.square(one_by_one).sum())),
        carrying=carrying(one_by_one),
        images=units.images,
        top=1.0,
        biased=metric.statistic == "jackknife",
        plain=counts and not units.clustered,
        calibration=None,
        rounds=np.array([value]),
    )


def averaged(rounds: Sequence[LeftOut]) -> LeftOut:
    """Return the mean of a metric over rounds whose units are numbered together.

    Units that a round does not test leave its value as it is. The scatter between rounds adds to that between units;
    for rounds with their own test images it contains some of the latter, which errs on the safe side.
    """
    first = rounds[0]
    if len(rounds) == 1:
        return first
    values = np.array([one.value for one in rounds])
    gaps = [one.calibration for one in rounds if one.calibration is not None]
    return LeftOut(
        value=float(values.mean()),
        without=np.mean([np.where(np.isnan(one.without), one.value, one.without) for one in rounds], axis=0),
        shares=np.mean([one.shares for one in rounds], axis=0),
        image_squares=float(np.mean([one.image_squares for one in rounds])),
        single=float(np.mean([one.single for one in rounds])) / len(rounds),
        carrying=float(np.mean([one.carrying for one in rounds])),
        images=first.images,
        top=float(np.mean([one.top for one in rounds])),
        biased=first.biased,
        plain=False,
        # The bins of every round, since distances are averaged, not gaps.
        calibration=None
        if not gaps
        else CalibrationGaps(
            gaps=np.concatenate([one.gaps for one in gaps]) / len(gaps),
            scatter=np.concatenate([one.scatter for one in gaps]) / len(gaps),
            least=np.concatenate([one.least for one in gaps]) / len(gaps) ** 2,
        ),
        rounds=values,
    )


def carrying(influence: NDArray[np.float64]) -> float:
    """Return how many units carry a variance: all of them if they add alike, 1 if it comes from one."""
    squared = np.square(influence)
    fourth = float(np.square(squared).sum())
    # Influences are of the order of 1 / units; a sum of fourth powers below this is rounding.
    return max(1.0, float(squared.sum()) ** 2 / fourth) if fourth > 1e-300 else 1.0


def _without(
    metrics: Sequence[MetricSpec], outcome: Outcome, units: NDArray[np.int64], count: int
) -> dict[str, NDArray[np.float64]]:
    """Return every metric without each unit, shape (count,); NaN where nothing is left."""
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = [measured(metrics, one) for one in outcome.without(units, count)]
    nothing = np.bincount(units, minlength=count) == len(units)
    return {
        m.name: np.where(nothing, np.nan, np.concatenate([part[m.name] for part in parts]).astype(np.float64))
        for m in metrics
    }


def _calibration(outcome: Outcome, units: Units) -> CalibrationGaps | None:
    """Return the gaps of the bins of confidence, with what each unit adds to them."""
    if not isinstance(outcome, SingleLabelOutcome):
        return None
    bins, gaps, n = outcome.bins, outcome.gaps, len(outcome.gaps)

    def by_bin(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(bins, values, minlength=CALIBRATION_BINS).astype(np.float64)

    images, sums = by_bin(np.ones(n)), by_bin(gaps)
    expected = sums / np.maximum(images, 1)
    scatter = np.zeros((CALIBRATION_BINS, units.count))
    np.add.at(scatter, (bins, units.of), (gaps - expected[bins]) / n)
    sizes = np.zeros((CALIBRATION_BINS, units.count))
    np.add.at(sizes, (bins, units.of), 1)
    # Distance to the mean without the unit, as everywhere; a unit alone in its bin has none.
    held = np.count_nonzero(sizes, axis=1).astype(np.float64)
    rest = 1 - sizes / np.maximum(images, 1)[:, None]
    scatter = np.divide(scatter, rest, out=np.zeros_like(scatter), where=rest > 0)
    scatter *= np.sqrt(np.maximum(held - 1, 0) / np.maximum(held, 1))[:, None]
    confidence = outcome.confidence.astype(np.float64)
    # Another unit may be wrong although the encoder is certain and right about all that were tested.
    unseen = np.square(sizes).sum(axis=1) / np.maximum(held, 1)
    return CalibrationGaps(
        gaps=sums / n, scatter=scatter, least=(by_bin(confidence * (1 - confidence)) + unseen) / n**2
    )
