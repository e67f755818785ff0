"""Whether what a probe is said to have reached on held-out images is possible."""

from collections.abc import Mapping

from artbench.leaderboard.validation.findings import FileFindings
from artbench.specs import TargetKind
from artbench.stats.metrics import METRICS

_ROUNDING = 1e-6
# Pairs of metrics of which the first is never above the second.
_ASCENDING = (("accuracy", "top5_accuracy"), ("mean_class_accuracy", "balanced_accuracy"))


def check_held_out(given: Mapping[str, float], target: TargetKind, name: str, about: FileFindings) -> None:
    """Report validation metrics of another kind of task, beyond their bounds, or that contradict each other.

    Args:
        given: Values by metric.
        target: Kind of target of the task.
        name: Which probe it is.
        about: Receives what is found.
    """
    if any(metric not in METRICS or METRICS[metric].target != target for metric in given):
        about.fault(f"the {name} has validation metrics of another kind of task")
        return
    for metric, value in given.items():
        if not is_within(metric, value):
            low, high = METRICS[metric].bounds
            side = "below" if low is not None and value < low else "above"
            about.fault(f"the {name} has a validation metric {side} {low if side == 'below' else high:g}")
            return
    for lower, upper in _ASCENDING:
        if {lower, upper} <= set(given) and given[lower] > given[upper] + _ROUNDING:
            about.fault(f"the {name} can't have {lower} above {upper} on validation")


def is_within(metric: str, value: float) -> bool:
    """Whether a known metric can have a value."""
    low, high = METRICS[metric].bounds
    return (low is None or value >= low - _ROUNDING) and (high is None or value <= high + _ROUNDING)
