"""Whether the thresholds of a record are ones that artbench chooses."""

from collections.abc import Mapping

from artbench.leaderboard.validation.findings import FileFindings
from artbench.specs import TargetKind
from artbench.stats.metrics import metrics_of
from artbench.stats.multi_label import THRESHOLDS

_UNCHOSEN = 0.5


def check_thresholds(
    given: Mapping[str, float], target: TargetKind, name: str, about: FileFindings, *, chosen: bool
) -> None:
    """Check thresholds, which are those tried, or one half where there is nothing to choose them on."""
    expected = {metric.name for metric in metrics_of(target) if metric.needs_threshold}
    allowed = THRESHOLDS if chosen else (*THRESHOLDS, _UNCHOSEN)
    if given and set(given) != expected:
        about.fault(f"{name} does not have the thresholds of a {target} task")
    elif any(min(abs(value - tried) for tried in allowed) > 1e-9 for value in given.values()):
        about.fault(f"{name} has a threshold that is not one of those tried")
