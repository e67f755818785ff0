"""Whether the metrics of a record have the names, units, values and intervals that metrics of its task can have."""

from collections.abc import Mapping, Sequence

from artbench.leaderboard.validation.findings import RERUN, FileFindings
from artbench.leaderboard.validation.held_out import is_within
from artbench.protocol import protocol_named
from artbench.records.parts import Metric
from artbench.records.record import Record
from artbench.specs import TargetKind
from artbench.stats.metrics import METRICS, metrics_of

# Means over images: their bootstrap distribution is centred on the value. That of other metrics may be shifted.
# Intervals without a bootstrap contain the value.
_MEANS = ("accuracy", "top5_accuracy", "sample_f2", "mean_absolute_error", "within_50_years")
_TOP = 5
_ROUNDING = 1e-6


def check_metrics(
    kind: str,
    given: Mapping[str, Metric],
    record: Record,
    target: TargetKind,
    about: FileFindings,
    *,
    exact: bool = False,
    absent: Sequence[str] = (),
) -> None:
    """Check names, units and intervals; `exact` metrics are recomputed elsewhere, so their intervals are skipped."""
    foreign = [name for name in given if name not in METRICS]
    if foreign and absent:
        about.unchecked(f"{', '.join(foreign)}: needs plugin {' or '.join(absent)}")
        given = {name: metric for name, metric in given.items() if name not in foreign}
    if any(name not in METRICS or METRICS[name].target != target for name in given) or not given:
        about.fault(f"{kind}: {', '.join(given) or 'nothing'} can't be the metrics of a {target} task")
        return
    required = {metric.name for metric in metrics_of(target) if not metric.needs_threshold}
    lacking = sorted(required - set(given))
    if lacking:
        about.fault(f"{kind}: {', '.join(lacking)} is missing", RERUN)
    for name, metric in given.items():
        _check_metric(kind, name, metric, record, about, exact=exact)
    # A plugin's kind of target may have other metrics of classes.
    if not lacking and {"accuracy", "top5_accuracy", "balanced_accuracy", "mean_class_accuracy"} <= set(given):
        _check_shares(kind, given, record, about)


def _check_metric(kind: str, name: str, metric: Metric, record: Record, about: FileFindings, *, exact: bool) -> None:
    protocol = protocol_named(record.protocol)
    resampled = protocol is None or protocol.intervals is None
    if metric.unit != METRICS[name].unit:
        about.fault(f"{kind}: the unit of {name} can't be {metric.unit}")
    elif (metric.ci95 is None) != (METRICS[name].statistic == "none"):
        about.fault(f"{kind}: {name} {'must' if metric.ci95 is None else 'can not'} have an interval")
    elif metric.higher_is_better not in (None, METRICS[name].higher_is_better):
        about.fault(f"{kind}: higher_is_better of {name} can't be {metric.higher_is_better}")
    elif not all(is_within(name, value) for value in (metric.value, *(metric.ci95 or ()))):
        about.fault(f"{kind}: {name} can't be {metric.value:.4g}, or have such an interval")
    elif not exact or name == "top5_accuracy":
        _check_interval(kind, name, metric, about, resampled=resampled)


def _check_interval(kind: str, name: str, metric: Metric, about: FileFindings, *, resampled: bool) -> None:
    if metric.ci95 is None:
        return
    (low, high), value = metric.ci95, metric.value
    slack = _ROUNDING * max(1, value) + (high - low if resampled and name not in _MEANS else 0)
    if not resampled and high <= low:
        about.fault(f"{kind}: the interval of {name} has no width: no test is so large")
    if not low - slack <= value <= high + slack:
        about.fault(f"{kind}: {name} {value:.4g} is outside its interval, {low:.4g} to {high:.4g}")


def _check_shares(kind: str, given: Mapping[str, Metric], record: Record, about: FileFindings) -> None:
    """Check relations that hold between the metrics of every single-label record."""
    right, top = given["accuracy"].value, given["top5_accuracy"].value
    if top < right - _ROUNDING:
        about.fault(f"{kind}: accuracy ({right:.4g}) can't be above top5_accuracy ({top:.4g})")
    if record.dataset.classes <= _TOP and top < 1 - _ROUNDING:
        about.fault(f"{kind}: top5_accuracy must be 1 with {record.dataset.classes} classes")
    if given["mean_class_accuracy"].value > given["balanced_accuracy"].value + _ROUNDING:
        about.fault(f"{kind}: mean_class_accuracy can't be above balanced_accuracy")
    if record.rounds:
        return
    for name, share in (("accuracy", right), ("top5_accuracy", top)):
        images = share * record.dataset.test
        if abs(images - round(images)) > 1e-3:
            about.fault(f"{kind}: {name} {share:.6g} is not a whole number of {record.dataset.test:,} images")
