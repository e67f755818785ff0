"""When the features are judged by kNN during a training, and which step was the best."""

import math
from collections.abc import Mapping
from typing import Any

from artbench.pretrain.judge import Judge
from artbench.pretrain.monitor import Monitor
from artbench.pretrain.online_knn import OnlineKnn, usual_interval
from artbench.pretrain.setup import Setup
from artbench.pretrain.stopping import StopRequest
from artbench.runtime.distributed import Group


class KnnMonitor:
    """Measures the kNN accuracy of the features after some epochs and the last one, and remembers the best step.

    Args:
        online: Task to measure on; None: nothing is measured.
        setup: Networks and plan of the training.
        device: Device to compute on.
        group: The processes, which share the images.
        images: Number of images of an epoch.
        every: Number of epochs from one measurement to the next; None: `usual_interval`.
    """

    def __init__(
        self, online: OnlineKnn | None, setup: Setup, *, device: str, group: Group, images: int, every: int | None
    ) -> None:
        self._setup = setup
        self._judge: Judge | None = None
        self._every = 0
        if online is not None:
            self._judge = Judge(online, setup.backbone, side=setup.crop_size, device=device, group=group)
            self._every = every or usual_interval(online.judged, images)
        self._best: tuple[float, int] | None = None
        self._last = 0

    @property
    def best(self) -> int | None:
        """The step with the highest accuracy; None if none was measured."""
        return None if self._best is None else self._best[1]

    def due(self, done: int) -> bool:
        """Whether an epoch that is judged, or the training, ends with this step, and it has not been judged yet."""
        if self._judge is None or self._last == done:
            return False
        plan = self._setup.plan
        return done == plan.steps or done % (self._every * plan.epoch_steps) == 0

    def measure(self, done: int, *, stop: StopRequest, monitor: Monitor) -> bool:
        """Measure the features after a step, unless a signal stops it; return whether they are the best so far.

        All processes call this. The accuracy is None, and nothing is remembered, where a signal reached any of them.
        """
        if self._judge is None:
            return False
        with monitor.paused(f"kNN, {self._judge.name}"):
            value = self._judge.accuracy(self._setup.backbone_module, stop=stop)
        if value is None:
            return False
        self._last = done
        monitor.knn(done, self._judge.name, value)
        if math.isnan(value):
            return False
        if self._best is not None and value <= self._best[0]:
            return False
        self._best = (value, done)
        return True

    def facts(self) -> dict[str, Any]:
        """The state that a checkpoint stores."""
        return {"best": self._best, "judged": self._last}

    def restore(self, facts: Mapping[str, Any], *, step: int) -> None:
        """Set the state from the checkpoint of a step."""
        best = facts.get("best")
        self._best = None if best is None else (float(best[0]), int(best[1]))
        # Checkpoints without the key were written after the measurement.
        self._last = int(facts.get("judged", step))
