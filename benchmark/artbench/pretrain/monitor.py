"""Progress of a training: speed, loss, collapse and kNN accuracy, to the progress bar, the log and the user."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from artbench.errors import ArtbenchError
from artbench.pretrain.log import Curves, Log
from artbench.pretrain.online_knn import OnlineKnn
from artbench.pretrain.schedule import Plan
from artbench.pretrain.setup import Setup
from artbench.pretrain.step import StepResult
from artbench.pretrain.stopping import Stopped, StopRequest
from artbench.runtime.distributed import Group
from artbench.runtime.progress import Counter, Reporter

# Features have collapsed if the spread of the normalised targets stays below this for so many steps.
_COLLAPSED, _PATIENCE = 0.02, 50
_LOG_SECONDS = 1.0


class Monitor:
    """Reports the progress of a training.

    Args:
        plan: Length of the training.
        batch: Number of images in a step.
        begin: Number of steps done before this run.
        logs: Logs that receive a line at least a second after the last one, and at the end of each epoch; only the
            first process has any.
        counter: Progress bar that counts the steps.
        reporter: Receives a notice when something is wrong.
    """

    def __init__(
        self, plan: Plan, *, batch: int, begin: int, logs: Sequence[Log | Curves], counter: Counter, reporter: Reporter
    ) -> None:
        self._plan = plan
        self._batch = batch
        self._begin = begin
        self._logs = logs
        self._counter = counter
        self._reporter = reporter
        self._started = self._logged = time.perf_counter()
        self._waited = self._paused = 0.0
        self._flat = 0

    @contextmanager
    def paused(self, note: str = "") -> Iterator[None]:
        """Leave the time of the block out of the speed; the time that remains includes it."""
        if note:
            self._counter.advance(0, note=note)
        begun = time.perf_counter()
        try:
            yield
        finally:
            self._paused += time.perf_counter() - begun

    def waited(self, seconds: float) -> None:
        """Add time that was spent waiting for images."""
        self._waited += seconds

    def step(self, done: int, result: StepResult, *, lr: float, notes: Mapping[str, float], last: bool) -> None:
        """Report a step.

        Args:
            done: Number of steps done, including this one.
            result: Result of the step.
            lr: Learning rate of the step.
            notes: Figures from the objective.
            last: Whether to write to the log in any case.

        Raises:
            ArtbenchError: The loss is not finite.
        """
        now = time.perf_counter()
        passed = max(now - self._started, 1e-9)
        stepping = max(passed - self._paused, 1e-9)
        rate = (done - self._begin) * self._batch / stepping
        waiting = self._waited / stepping
        finite = math.isfinite(result.loss)
        if last or not finite or now - self._logged > _LOG_SECONDS:
            self._logged = now
            facts: dict[str, Any] = {
                "step": done,
                "epoch": (done - 1) / self._plan.epoch_steps,
                "images": done * self._batch,
                "loss": result.loss if finite else str(result.loss),
                "spread": result.spread if math.isfinite(result.spread) else str(result.spread),
                "lr": lr,
                **notes,
                "images_per_s": round(rate, 2),
                "waiting": round(waiting, 4),
                "remaining_s": round((self._plan.steps - done) * passed / (done - self._begin), 1),
            }
            for log in self._logs:
                log.write(facts)
        if not finite:
            raise ArtbenchError(
                f"the loss of step {done} is {result.loss}: the training has diverged",
                mend="The last checkpoint is from before. Begin anew with a lower lr or a longer warm-up",
            )
        self._look_for_collapse(done, result.spread)
        shares = "".join(f", {name} {value:.0%}" for name, value in notes.items())
        self._counter.advance(note=f"{rate:.0f} images/s, loss {result.loss:.3f}{shares}, waiting {waiting:.0%}")

    def knn(self, done: int, task: str, accuracy: float) -> None:
        """Report the kNN accuracy after a step."""
        epoch = done / self._plan.epoch_steps
        self._reporter.notice(f"epoch {epoch:.4g}, step {done}: kNN accuracy on {task} {accuracy:.1%}")
        for log in self._logs:
            log.write({"step": done, "images": done * self._batch, "knn_task": task, "knn_accuracy": accuracy})

    def _look_for_collapse(self, done: int, spread: float) -> None:
        self._flat = self._flat + 1 if spread < _COLLAPSED else 0
        if self._flat == _PATIENCE:
            self._reporter.notice(
                f"The features collapse: over the last {_PATIENCE} steps up to {done}, all images were embedded in "
                f"nearly one direction (spread {spread:.4f}; 1 is best). A lower lr or a momentum nearer to 1 may help"
            )


class KnnMonitor:
    """Measures the kNN accuracy of the features after each epoch, and remembers the best step.

    Args:
        online: Task to measure on; None: nothing is measured.
        setup: Networks and plan of the training.
        device: Device to compute on.
        group: The processes; the first one measures.
    """

    def __init__(self, online: OnlineKnn | None, setup: Setup, *, device: str, group: Group) -> None:
        self._online = online
        self._setup = setup
        self._device = device
        self._group = group
        self._best: tuple[float, int] | None = None
        self._last = 0

    @property
    def best(self) -> int | None:
        """The step with the highest accuracy; None if none was measured."""
        return None if self._best is None else self._best[1]

    def due(self, done: int) -> bool:
        """Whether an epoch ends with this step and has not been measured yet."""
        return self._online is not None and self._last != done and self._setup.plan.ends_epoch(done)

    def measure(self, done: int, *, stop: StopRequest, monitor: Monitor) -> bool:
        """Measure the features after a step, unless a signal stops it; return whether they are the best so far."""
        online, setup = self._online, self._setup
        if online is None:
            return False

        def accuracy() -> float | None:
            module, device = setup.backbone_module, self._device
            with suppress(Stopped):
                return online.accuracy(setup.backbone, module, side=setup.crop_size, device=device, stop=stop)
            return None

        with monitor.paused(f"kNN, {online.name}"):
            value = self._group.from_first(accuracy)
        if value is None:
            return False
        self._last = done
        monitor.knn(done, online.name, value)
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
