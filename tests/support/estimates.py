"""Every metric of some predictions with its interval, from one round."""

from typing import Any

from numpy.typing import NDArray

from artbench.data.outputs import Outputs
from artbench.protocol import Bootstrap
from artbench.stats.bootstrap import Estimate, combine
from artbench.stats.metrics import sample


def evaluate(labels: NDArray[Any], outputs: Outputs, *, bootstrap: Bootstrap, **settings: Any) -> dict[str, Estimate]:
    return combine([sample(labels, outputs, bootstrap=bootstrap, **settings)], bootstrap=bootstrap)
