"""Every metric of some predictions with its interval, from one round."""

from typing import Any

from numpy.typing import NDArray

from artbench.data.outputs import Outputs
from artbench.protocol import Bootstrap
from artbench.records.parts import Metric
from artbench.stats.bootstrap import Estimate, combine
from artbench.stats.metrics import sample


def ends(found: Estimate | Metric) -> tuple[float, float]:
    """The interval of a metric that has one."""
    assert found.ci95 is not None
    return found.ci95


def evaluate(labels: NDArray[Any], outputs: Outputs, *, bootstrap: Bootstrap, **settings: Any) -> dict[str, Estimate]:
    return combine([sample(labels, outputs, bootstrap=bootstrap, **settings)], bootstrap=bootstrap)
