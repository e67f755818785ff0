"""Progress of a training: speed, loss, collapse and kNN accuracy, to the progress bar, the log and the user."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from artbench.errors import ArtbenchError
from artbench.pretrain.log import Curves, Log
from artbench.pretrain.schedule import Plan
from artbench.pretrain.step import StepResult
from artbench.runtime.progress import Counter, Reporter

# Features have collapsed if the spread of the normalised targets stays below this for so many steps.
_COLLAPSED, _PATIENCE = 0.02, 50
_LOG_SECONDS = 1.0
# Reading the loss waits for a GPU, which then has nothing to do while the host prepares the next step.
_READ_SECONDS = 0.5


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
        self._reported, self._read = begin, 0.0
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

    def step(
        self, done: int, result: StepResult, *, lr: float, notes: Callable[[], Mapping[str, float]], last: bool
    ) -> None:
        """Report a step; where that means to wait for a device, now and then only.

        Args:
            done: Number of steps done, including this one.
            result: Result of the step.
            lr: Learning rate of the step.
            notes: Returns figures from the objective; called only where the device is waited for.
            last: Whether to write to the log in any case.

        Raises:
            ArtbenchError: The loss is not finite.
        """
        now = time.perf_counter()
        if result.waits and not last and now - self._read < _READ_SECONDS:
            self._counter.advance()
            return
        steps, self._read, self._reported = done - self._reported, now, done
        loss, spread, noted = result.loss.item(), result.spread.item(), notes()
        passed = max(now - self._started, 1e-9)
        stepping = max(passed - self._paused, 1e-9)
        rate = (done - self._begin) * self._batch / stepping
        waiting = self._waited / stepping
        finite = math.isfinite(loss)
        if last or not finite or now - self._logged > _LOG_SECONDS:
            self._logged = now
            facts: dict[str, Any] = {
                "step": done,
                "epoch": (done - 1) / self._plan.epoch_steps,
                "images": done * self._batch,
                "loss": loss if finite else str(loss),
                "spread": spread if math.isfinite(spread) else str(spread),
                "lr": lr,
                **({} if result.skipped is None else {"skipped_steps": result.skipped}),
                **noted,
                "images_per_s": round(rate, 2),
                "waiting": round(waiting, 4),
                "remaining_s": round((self._plan.steps - done) * passed / (done - self._begin), 1),
            }
            for log in self._logs:
                log.write(facts)
        if not finite:
            raise ArtbenchError(
                f"the loss of step {done} is {loss}: the training has diverged",
                mend="The last checkpoint is from before. Begin anew with a lower lr or a longer warm-up",
            )
        self._look_for_collapse(done, spread, steps=steps)
        shares = "".join(f", {name} {value:.0%}" for name, value in noted.items())
        self._counter.advance(note=f"{rate:.0f} images/s, loss {loss:.3f}{shares}, waiting {waiting:.0%}")

    def knn(self, done: int, task: str, accuracy: float) -> None:
        """Report the kNN accuracy after a step."""
        epoch = done / self._plan.epoch_steps
        if math.isnan(accuracy):
            self._reporter.notice(
                f"epoch {epoch:.4g}, step {done}: no kNN accuracy on {task}, since none of its images can be read"
            )
            return
        self._reporter.notice(f"epoch {epoch:.4g}, step {done}: kNN accuracy on {task} {accuracy:.1%}")
        for log in self._logs:
            log.write({"step": done, "images": done * self._batch, "knn_task": task, "knn_accuracy": accuracy})

    def _look_for_collapse(self, done: int, spread: float, *, steps: int) -> None:
        before, self._flat = self._flat, self._flat + steps if spread < _COLLAPSED else 0
        if before < _PATIENCE <= self._flat:
            self._reporter.notice(
                f"The features collapse: over the last {self._flat} steps up to {done}, all images were embedded in "
                f"nearly one direction (spread {spread:.4f}; 1 is best). A lower lr or a momentum nearer to 1 may help"
            )
