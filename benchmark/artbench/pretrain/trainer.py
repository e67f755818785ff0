"""The training itself: from a pool of images to `encoder.safetensors`, with checkpoints on the way."""

import os
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from artbench.encoders.checkpoint_path import CHECKPOINTS, ENCODER_FILE
from artbench.pretrain.checkpoints import Checkpoints, check_finite, training_tensors
from artbench.pretrain.crops import Cropper, Crops, parts_of_steps
from artbench.pretrain.exchange import Exchange
from artbench.pretrain.folder import locked, write_encoder
from artbench.pretrain.hanging import HangWatch
from artbench.pretrain.knn_monitor import KnnMonitor
from artbench.pretrain.log import CURVES, LOG_FILE, Curves, Log, check_tensorboard
from artbench.pretrain.monitor import Monitor
from artbench.pretrain.pool_images import PoolImages, open_images
from artbench.pretrain.resume import restore, steps_done
from artbench.pretrain.schedule import learning_rate
from artbench.pretrain.setup import Setup, set_up
from artbench.pretrain.stopping import StopRequest, stop_request
from artbench.pretrain.stretches import check_alike, circumstances, continued, digest
from artbench.pretrain.training import Conditions, Training
from artbench.runtime.distributed import Group, current_group
from artbench.runtime.machine import own_core_each
from artbench.runtime.progress import RESUMED, Reporter
from artbench.runtime.threads import in_threads, usable_cores


def pretrain(
    training: Training, out: Path, *, conditions: Conditions, reporter: Reporter, stop: StopRequest | None = None
) -> Path | None:
    """Train, or resume a training, and write `encoder.safetensors`.

    On the CPU, a run that was killed and resumed ends with the same weights, to the last bit, as one that was not.
    Under `torchrun`, inside `process_group`, every process calls this with the same arguments.

    Args:
        training: The training.
        out: Folder for the encoder, the checkpoints and the log.
        conditions: How it is carried out.
        reporter: Receives progress and notices.
        stop: Tells whether a signal has asked to stop; None: signals are recorded while this runs.

    Returns:
        The file of the encoder; None where a signal asked to stop, with everything saved.

    Raises:
        UsageError: Settings, backbone and pool don't fit together, or TensorBoard is not installed; nothing was begun.
        ArtbenchError: The folder is in use or holds another training, the images can't be read, the training
            has diverged, or nothing can be written.
    """
    group = current_group()
    check_alike(group, {"out": str(out), **training.identity})
    if conditions.tensorboard:
        check_tensorboard()
    with ExitStack() as stack:
        stop = stack.enter_context(stop_request()) if stop is None else stop
        setup = group.together(
            lambda: set_up(
                training,
                device=conditions.device,
                group=group,
                compiled=conditions.compiled,
                micro_batch=conditions.micro_batch,
            )
        )
        stack.enter_context(locked(out, group, reporter))
        # Agents of torchrun count for themselves how often they started processes again.
        resume = group.any(conditions.resume or int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")) > 0)
        begin = group.from_first(lambda: steps_done(out, resume=resume))
        if conditions.resume and not begin and group.first:
            reporter.notice(f"{out} holds no checkpoint to resume from; this training begins at its first step.")
        run = _Run(training, setup, out, conditions, group, reporter)
        return run.go(begin, stop)


class _Run:
    """One run of a training, from its first step or last checkpoint to its end or to a signal."""

    def __init__(
        self, training: Training, setup: Setup, out: Path, conditions: Conditions, group: Group, reporter: Reporter
    ) -> None:
        self._training = training
        self._setup = setup
        self._out = out
        self._conditions = conditions
        self._group = group
        self._reporter = reporter
        self._exchange = Exchange(group, conditions.device)
        self._checkpoints = Checkpoints(out / CHECKPOINTS, keep=conditions.keep)
        self._images: PoolImages | None = None
        self._knn = KnnMonitor(
            conditions.online,
            setup,
            device=conditions.device,
            group=group,
            images=setup.plan.epoch_steps * training.settings.batch_size,
            every=conditions.knn_every,
        )
        self._stretches: list[dict[str, Any]] = []
        self._unreadable: dict[int, str] = {}

    def go(self, begin: int, stop: StopRequest) -> Path | None:
        training, setup, conditions, reporter = self._training, self._setup, self._conditions, self._reporter
        steps = setup.plan.steps
        if begin:
            self._group.together(lambda: self._restore(begin))
            if begin == steps and not self._knn.due(begin):
                file = self._out / ENCODER_FILE
                if self._group.from_first(file.is_file):
                    reporter.notice(f"This training is finished, at step {steps}: its encoder is {file}.")
                    return file
            reporter.notice(f"Going on from step {begin} of {steps}.")
        self._check_alike(begin)
        if begin < steps:
            # Before the progress bar, which would count the time.
            self._images = open_images(
                training.pool,
                side=setup.source_side,
                pack=conditions.pack,
                group=self._group,
                stop=stop,
                reporter=reporter,
            )
            if self._images is None:
                what = f"{stop.name or 'A signal'}: the pool is not packed yet"
                reporter.notice(f"{what}; the same command begins again.")
                return None
        logs = self._group.together(lambda: self._logs(begin))
        own_core = own_core_each(conditions.device if setup.own_cores else "")
        hanging = HangWatch(
            seconds=conditions.hang_seconds, compiled=conditions.compiled, resuming=self._resuming, reporter=reporter
        )
        with own_core, hanging, ExitStack() as bars:
            what = f"{training.name} of {training.backbone.name}"
            counter = bars.enter_context(reporter.counting(what, total=steps, unit="steps"))
            if begin:
                counter.advance(begin, note=RESUMED)
            batch = training.settings.batch_size
            monitor = Monitor(setup.plan, batch=batch, begin=begin, logs=logs, counter=counter, reporter=reporter)

            def ended(name: str) -> None:
                # Nothing else restores the cursor of the terminal.
                bars.close()
                reporter.notice(f"{name} again: ended at once; {self._resuming()}.")

            # A step may take minutes: without an answer, users press Ctrl-C twice, which saves nothing.
            stop.on_first = lambda name: counter.advance(0, note=f"{name}: saving, after this step")
            stop.on_second = ended
            done = self._steps(begin, stop, monitor, hanging)
        if done < steps:
            what = f"{stop.name or 'A signal'}: saved at step {done} of {steps}"
            how = "" if conditions.resume else " with --resume"
            reporter.notice(f"{what}; the same command{how} continues.")
            return None
        if self._knn.due(done):
            reporter.notice("The last epoch has no kNN accuracy yet; the same command with --resume measures it.")
        return self._finish()

    def _circumstances(self) -> dict[str, Any]:
        return circumstances(self._training, device=self._conditions.device, dtype=self._setup.facts["dtype"])

    def _restore(self, begin: int) -> None:
        facts = restore(self._out, begin, training=self._training, setup=self._setup, knn=self._knn)
        self._unreadable = {int(number): reason for number, reason in facts.get("unreadable", {}).items()}
        self._stretches = continued(
            facts.get("stretches", []),
            self._circumstances(),
            step=begin,
            accept=self._conditions.accept_changes,
            out=self._out,
        )

    def _check_alike(self, begin: int) -> None:
        """Raise unless all processes begin with the same weights, under the same circumstances."""
        now = self._circumstances()
        self._stretches = self._stretches or [{"from_step": 0, **now}]
        tensors = training_tensors(self._setup.objective, self._setup.optimizer) if self._group.size > 1 else {}
        check_alike(self._group, {"step": begin, **now, "weights": digest(tensors)})

    def _logs(self, begin: int) -> list[Log | Curves]:
        if not self._group.first:
            return []
        self._checkpoints.reserve(self._setup.objective, self._setup.optimizer)
        curves = [Curves(self._out / CURVES, step=begin)] if self._conditions.tensorboard else []
        return [Log(self._out / LOG_FILE, step=begin), *curves]

    def _steps(self, begin: int, stop: StopRequest, monitor: Monitor, hanging: HangWatch) -> int:
        """Make steps, and return how many are done."""
        plan, settings, stepper = self._setup.plan, self._training.settings, self._setup.stepper
        saved = time.monotonic()
        if begin and self._knn.due(begin):
            # A signal came before the epoch was measured.
            self._measure_knn(begin, stop, monitor)
            if begin == plan.steps:
                self._save(begin)
        if begin == plan.steps:
            return begin
        with closing(self._crops(begin)) as crops:
            for step in range(begin, plan.steps):
                done = step + 1
                lr = learning_rate(settings, plan, step)
                with hanging.step(done):
                    waiting = time.perf_counter()
                    parts = list(islice(crops, settings.sub_batches // self._group.size))
                    monitor.waited(time.perf_counter() - waiting)
                    result = stepper.step(step, parts, lr=lr, progress=plan.progress(step))
                epoch_over = plan.ends_epoch(done)
                failure = _failure(
                    partial(monitor.step, done, result, lr=lr, notes=self._setup.objective.notes, last=epoch_over)
                )
                overdue = time.monotonic() - saved >= 60 * self._conditions.save_minutes
                failed, stopping, due = self._exchange.flags(failure is not None, bool(stop), overdue)
                if failed:
                    self._group.together(partial(_raise, failure))
                if self._knn.due(done) and not stopping:
                    self._measure_knn(done, stop, monitor)
                    stopping = self._exchange.any(bool(stop))
                if stopping or due or done == plan.steps:
                    with monitor.paused():
                        self._save(done)
                    saved = time.monotonic()
                if stopping:
                    return done
        return plan.steps

    def _crops(self, begin: int) -> Generator[Crops, None, None]:
        """The crops of this process's sub-batches, made a few in advance."""
        training, settings, group = self._training, self._training.settings, self._group
        assert self._images is not None
        steps = range(begin, self._setup.plan.steps)
        parts = parts_of_steps(settings, training.sizes, steps, seed=training.seed, rank=group.rank, size=group.size)
        cropper = Cropper(self._images, self._setup.views, side=self._setup.crop_size, seed=training.seed)
        return in_threads(cropper, parts, threads=self._conditions.workers or usable_cores())

    def _measure_knn(self, done: int, stop: StopRequest, monitor: Monitor) -> None:
        if self._knn.measure(done, stop=stop, monitor=monitor):
            # The best step has a checkpoint even if none is due.
            with monitor.paused():
                self._save(done)

    def _save(self, done: int) -> None:
        # Every process learns which images any of them could not read; the reasons stay where they arose.
        tried = {} if self._images is None else self._images.unreadable
        for number in self._exchange.union([*self._unreadable, *tried], below=len(self._training.pool)):
            self._unreadable[number] = tried.get(number) or self._unreadable.get(number, "")

        def save() -> None:
            tensors = training_tensors(self._setup.objective, self._setup.optimizer)
            check_finite(tensors, done)
            facts = {
                "step": done,
                "identity": self._training.identity,
                "asked": dict(self._training.asked),
                "unreadable": self._unreadable,
                "stretches": self._stretches,
                "loss_scale": dict(self._setup.stepper.loss_scale.facts()),
                **self._knn.facts(),
            }
            self._checkpoints.save(done, tensors, facts, best=self._knn.best)

        self._group.from_first(save)

    def _resuming(self) -> str:
        steps = self._checkpoints.steps()
        return f"--resume continues from step {steps[-1]}" if steps else "nothing is saved yet"

    def _finish(self) -> Path:
        def write() -> str:
            skipped = self._setup.stepper.loss_scale.skipped
            facts = {**self._setup.facts, "unreadable": len(self._unreadable), "stretches": self._stretches}
            facts |= {} if skipped is None else {"skipped_steps": skipped}
            return str(write_encoder(self._out, self._setup.backbone_module, self._training, facts))

        file = Path(self._group.from_first(write))
        if self._unreadable:
            examples = [reason for reason in self._unreadable.values() if reason][:3]
            self._reporter.notice(f"{len(self._unreadable)} images could not be read: {'; '.join(examples)}")
        return file


def _failure(work: Callable[[], None]) -> Exception | None:
    """What `work` raised, kept until all processes know of it."""
    try:
        work()
    except Exception as error:
        return error
    return None


def _raise(failure: Exception | None) -> None:
    if failure is not None:
        raise failure
