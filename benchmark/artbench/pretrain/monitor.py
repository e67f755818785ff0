"""Watching a training: speed, loss, waiting, collapse; to the bar, the log and the user."""

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
from artbench.runtime.machine import choose_dtype
from artbench.runtime.progress import Counter, Reporter

# Below this spread of the normalised targets, over so many steps in a row, they point into one direction.
_COLLAPSED, _PATIENCE = 0.02, 50
_LOG_SECONDS = 1.0


class Monitor:
    """What a training says of itself.

    Args:
        plan: Its length.
        batch: Pictures a step.
        begin: Steps done before this run.
        logs: Take a line a second at most, and one at the end of each epoch; none on all processes but the first.
        counter: Of the steps.
        reporter: Told when something is wrong.
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
        self._waited = self._aside = 0.0
        self._flat = 0

    @contextmanager
    def aside(self, note: str = "") -> Iterator[None]:
        """Take the time of the block for no part of the steps: it puts the end off, and slows nothing down."""
        if note:
            self._counter.advance(0, note=note)
        begun = time.perf_counter()
        try:
            yield
        finally:
            self._aside += time.perf_counter() - begun

    def waited(self, seconds: float) -> None:
        """Count time in which nothing was computed, because pictures were not there yet."""
        self._waited += seconds

    def step(self, done: int, result: StepResult, *, lr: float, notes: Mapping[str, float], last: bool) -> None:
        """Take notice of a step.

        Args:
            done: Steps done, this one among them.
            result: Of the step.
            lr: That it was made with.
            notes: Of the objective.
            last: Whether to write to the log in any case.

        Raises:
            ArtbenchError: The loss is not finite.
        """
        now = time.perf_counter()
        passed = max(now - self._started, 1e-9)
        stepping = max(passed - self._aside, 1e-9)
        rate = (done - self._begin) * self._batch / stepping
        waiting = self._waited / stepping
        facts: dict[str, Any] = {
            "step": done,
            "epoch": (done - 1) / self._plan.epoch_steps,
            "images": done * self._batch,
            "loss": result.loss if math.isfinite(result.loss) else str(result.loss),
            "spread": result.spread if math.isfinite(result.spread) else str(result.spread),
            "lr": lr,
            **notes,
            "images_per_s": round(rate, 2),
            "waiting": round(waiting, 4),
            "remaining_s": round((self._plan.steps - done) * passed / (done - self._begin), 1),
        }
        finite = math.isfinite(result.loss)
        if last or not finite or now - self._logged > _LOG_SECONDS:
            self._logged = now
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

    def judged(self, done: int, task: str, accuracy: float) -> None:
        """Take notice of the online kNN accuracy."""
        epoch = done / self._plan.epoch_steps
        self._reporter.notice(f"epoch {epoch:.4g}, step {done}: kNN accuracy on {task} {accuracy:.1%}")
        for log in self._logs:
            log.write({"step": done, "images": done * self._batch, "knn_task": task, "knn_accuracy": accuracy})

    def _look_for_collapse(self, done: int, spread: float) -> None:
        self._flat = self._flat + 1 if spread < _COLLAPSED else 0
        if self._flat == _PATIENCE:
            self._reporter.notice(
                f"The features collapse: over the last {_PATIENCE} steps up to {done}, all pictures were embedded in "
                f"nearly one direction (spread {spread:.4f}; 1 is best). A lower lr or a momentum nearer to 1 may help"
            )


class KnnMonitor:
    """Judges epochs, and remembers the best.

    Args:
        online: The task; None: nobody judges.
        assembly: Of the training.
        device: To compute on.
        group: The processes; the first one judges.
    """

    def __init__(self, online: OnlineKnn | None, assembly: Setup, *, device: str, group: Group) -> None:
        self._online = online
        self._assembly = assembly
        self._device = device
        self._group = group
        self._best: tuple[float, int] | None = None
        self._last = 0

    @property
    def best(self) -> int | None:
        """The step of the best checkpoint; None where nobody has judged."""
        return None if self._best is None else self._best[1]

    def due(self, done: int) -> bool:
        """Whether an epoch ends with a step, and is not judged yet."""
        return self._online is not None and self._last != done and self._assembly.plan.ends_epoch(done)

    def judge(self, done: int, *, stop: StopRequest, watch: Monitor) -> bool:
        """Judge the features as they are after a step; a signal puts it off.

        Returns:
            Whether they are the best so far.
        """
        online, assembly = self._online, self._assembly
        if online is None:
            return False

        def accuracy() -> float | None:
            with suppress(Stopped):
                return online.accuracy(
                    assembly.backbone,
                    assembly.backbone_module,
                    side=assembly.crop_size,
                    device=self._device,
                    dtype=choose_dtype(self._device),
                    stop=stop,
                )
            return None

        with watch.aside(f"kNN, {online.name}"):
            value = self._group.from_first(accuracy)
        if value is None:
            return False
        self._last = done
        watch.judged(done, online.name, value)
        if self._best is not None and value <= self._best[0]:
            return False
        self._best = (value, done)
        return True

    def facts(self) -> dict[str, Any]:
        """What a resumed run needs to know."""
        return {"best": self._best, "judged": self._last}

    def restore(self, facts: Mapping[str, Any], *, step: int) -> None:
        """Set all of `facts` from the checkpoint of a step."""
        best = facts.get("best")
        self._best = None if best is None else (float(best[0]), int(best[1]))
        # Those of before this was noted were judged.
        self._last = int(facts.get("judged", step))
