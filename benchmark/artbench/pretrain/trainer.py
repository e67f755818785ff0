"""The training itself: from a pool of pictures to `encoder.safetensors`, with checkpoints on the way."""

import time
from collections.abc import Generator
from contextlib import ExitStack, closing
from itertools import islice
from pathlib import Path
from typing import Any

from artbench.encoders.checkpoint_path import CHECKPOINTS, ENCODER_FILE
from artbench.pretrain.checkpoints import Checkpoints, check_finite, restore, training_tensors
from artbench.pretrain.crops import CropPair, Cropper, parts_of_steps
from artbench.pretrain.folder import locked, steps_done, write_encoder
from artbench.pretrain.hanging import HangWatch
from artbench.pretrain.log import CURVES, LOG_FILE, Curves, Log, check_tensorboard
from artbench.pretrain.monitor import KnnMonitor, Monitor
from artbench.pretrain.pictures import Pictures, open_pictures
from artbench.pretrain.replicas import Exchange
from artbench.pretrain.resume_state import check_same
from artbench.pretrain.schedule import learning_rate
from artbench.pretrain.setup import Setup, set_up
from artbench.pretrain.stopping import StopRequest, stop_request
from artbench.pretrain.training import Conditions, Training
from artbench.runtime.distributed import Group, current_group
from artbench.runtime.machine import own_core_each
from artbench.runtime.progress import Reporter
from artbench.runtime.threads import in_threads, usable_cores


def pretrain(training: Training, out: Path, *, conditions: Conditions, reporter: Reporter) -> Path | None:
    """Train, or go on training, and write `encoder.safetensors`.

    On the CPU, a run that was killed and resumed ends with the same weights, to the last bit, as one that was not.
    Under `torchrun`, inside `process_group`, every process calls this alike.

    Args:
        training: What to do.
        out: Folder for the encoder, the checkpoints and the log.
        conditions: How.
        reporter: Told how it goes.

    Returns:
        The file of the encoder; None where a signal asked to stop: everything is saved then.

    Raises:
        UsageError: Settings, backbone and pool don't fit together, or TensorBoard is not there; nothing was begun.
        ArtbenchError: The folder is in use or holds another training, the pictures can't be read, the training
            has diverged, or nothing can be written.
    """
    group = current_group()
    if conditions.tensorboard:
        check_tensorboard()
    assembly = group.together(
        lambda: set_up(training, device=conditions.device, group=group, compiled=conditions.compiled)
    )
    with locked(out, group), stop_request() as stop:
        begin = group.from_first(lambda: steps_done(out, resume=conditions.resume))
        if conditions.resume and not begin and group.first:
            reporter.notice(f"{out} holds no checkpoint to go on from; this training begins at its first step.")
        run = _Run(training, assembly, out, conditions, group, reporter)
        return run.go(begin, stop)


class _Run:
    """One stretch of a training, from where it stands to its end or to a signal."""

    def __init__(
        self,
        training: Training,
        assembly: Setup,
        out: Path,
        conditions: Conditions,
        group: Group,
        reporter: Reporter,
    ) -> None:
        self._training = training
        self._assembly = assembly
        self._out = out
        self._conditions = conditions
        self._group = group
        self._reporter = reporter
        self._exchange = Exchange(group, conditions.device)
        self._checkpoints = Checkpoints(out / CHECKPOINTS, keep=conditions.keep)
        self._pictures: Pictures | None = None
        self._judge = KnnMonitor(conditions.online, assembly, device=conditions.device, group=group)
        self._unreadable: dict[int, str] = {}

    def go(self, begin: int, stop: StopRequest) -> Path | None:
        plan, settings = self._assembly.plan, self._training.settings
        if begin:
            self._restore(begin)
            if begin == plan.steps and not self._judge.due(begin):
                file = self._out / ENCODER_FILE
                if self._group.from_first(file.is_file):
                    self._reporter.notice(f"This training is finished, at step {plan.steps}: its encoder is {file}.")
                    return file
            self._reporter.notice(f"Going on from step {begin} of {plan.steps}.")
        if begin < plan.steps:
            # Before the bar, which would count the time.
            self._pictures = open_pictures(
                self._training.pool,
                side=settings.source_side or round(1.5 * self._assembly.crop_size),
                pack=self._conditions.pack,
                group=self._group,
                stop=stop,
                reporter=self._reporter,
            )
        if begin < plan.steps and self._pictures is None:
            self._reporter.notice(
                f"{stop.name or 'A signal'}: the pool is not packed yet; the same command begins again."
            )
            return None
        logs = self._logs(begin) if self._group.first else ()
        own_core = own_core_each(self._conditions.device if self._assembly.threads > 1 else "")
        what = f"{self._training.name} of {self._training.backbone.name}"
        hanging = HangWatch(
            seconds=self._conditions.hang_seconds,
            compiled=self._conditions.compiled,
            resuming=self._resuming,
            reporter=self._reporter,
        )
        with own_core, hanging, ExitStack() as bars:
            counter = bars.enter_context(self._reporter.counting(what, total=plan.steps - begin, unit="steps"))
            watch = Monitor(
                plan, batch=settings.batch_size, begin=begin, logs=logs, counter=counter, reporter=self._reporter
            )

            def ended(name: str) -> None:
                # Nobody else gives the terminal its cursor back.
                bars.close()
                self._reporter.notice(f"{name} again: ended at once; {self._resuming()}.")

            # A step may take minutes: whoever has pressed Ctrl-C should not press it twice, which saves nothing.
            stop.told = lambda name: counter.advance(0, note=f"{name}: saving, after this step")
            stop.ended = ended
            done = self._steps(begin, stop, watch, hanging)
        if done < plan.steps:
            what = f"{stop.name or 'A signal'}: saved at step {done} of {plan.steps}"
            self._reporter.notice(f"{what}; the same command with --resume goes on.")
            return None
        if self._judge.due(done):
            self._reporter.notice("The last epoch is not judged yet; the same command with --resume judges it.")
        return self._finish()

    def _logs(self, begin: int) -> tuple[Log | Curves, ...]:
        log = Log(self._out / LOG_FILE, step=begin)
        return (log, Curves(self._out / CURVES, step=begin)) if self._conditions.tensorboard else (log,)

    def _steps(self, begin: int, stop: StopRequest, watch: Monitor, hanging: HangWatch) -> int:
        """Make steps; the number of steps done at the end."""
        plan, settings, stepper = self._assembly.plan, self._training.settings, self._assembly.stepper
        saved = time.monotonic()
        if begin and self._judge.due(begin):
            # A signal came before the epoch was judged.
            self._judge_epoch(begin, stop, watch)
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
                    watch.waited(time.perf_counter() - waiting)
                    result = stepper.step(step, parts, lr=lr, progress=plan.progress(step))
                epoch_over = plan.ends_epoch(done)
                watch.step(done, result, lr=lr, notes=self._assembly.objective.notes(), last=epoch_over)
                if epoch_over:
                    self._judge_epoch(done, stop, watch)
                stopping = self._exchange.any(bool(stop))
                due = self._exchange.any(time.monotonic() - saved >= 60 * self._conditions.save_minutes)
                if stopping or due or done == plan.steps:
                    with watch.aside():
                        self._save(done)
                    saved = time.monotonic()
                if stopping:
                    return done
        return plan.steps

    def _crops(self, begin: int) -> Generator[CropPair, None, None]:
        """The sub-batches of this process, made a few ahead."""
        training, settings = self._training, self._training.settings
        assert self._pictures is not None
        parts = parts_of_steps(
            settings,
            training.sizes,
            seed=training.seed,
            begin=begin,
            end=self._assembly.plan.steps,
            rank=self._group.rank,
            size=self._group.size,
        )
        cropper = Cropper(self._pictures, settings, side=self._assembly.crop_size, seed=training.seed)
        threads = self._conditions.workers or usable_cores()
        return in_threads(cropper, parts, threads=threads)

    def _judge_epoch(self, done: int, stop: StopRequest, watch: Monitor) -> None:
        if self._judge.judge(done, stop=stop, watch=watch):
            # So that the best is there even if the time for a checkpoint has not come.
            with watch.aside():
                self._save(done)

    def _gather_unreadable(self) -> None:
        """Bring together, on every process, which pictures any of them could not read; why, on the one that tried."""
        tried = {} if self._pictures is None else self._pictures.unreadable
        for number in self._exchange.union([*self._unreadable, *tried], below=len(self._training.pool)):
            self._unreadable[number] = tried.get(number) or self._unreadable.get(number, "")

    def _save(self, done: int) -> None:
        self._gather_unreadable()

        def save() -> None:
            tensors = training_tensors(self._assembly.objective, self._assembly.optimizer)
            check_finite(tensors, done)
            self._checkpoints.save(
                done,
                tensors,
                self._facts(done),
                best=self._judge.best,
            )

        self._group.from_first(save)

    def _facts(self, done: int) -> dict[str, Any]:
        return {
            "step": done,
            "identity": self._training.identity,
            "asked": dict(self._training.asked),
            "unreadable": self._unreadable,
            **self._judge.facts(),
        }

    def _restore(self, step: int) -> None:
        saved = self._checkpoints.load(step)
        check_same(saved.facts.get("identity"), self._training.identity, out=self._out)
        restore(saved, self._assembly.objective, self._assembly.optimizer)
        self._judge.restore(saved.facts, step=step)
        self._unreadable = {int(number): reason for number, reason in saved.facts.get("unreadable", {}).items()}

    def _resuming(self) -> str:
        steps = self._checkpoints.steps()
        return f"--resume goes on from step {steps[-1]}" if steps else "nothing is saved yet"

    def _finish(self) -> Path:
        def write() -> str:
            facts = {**self._assembly.facts, "unreadable": len(self._unreadable)}
            return str(write_encoder(self._out, self._assembly.backbone_module, self._training, facts))

        file = Path(self._group.from_first(write))
        if self._unreadable:
            examples = [reason for reason in self._unreadable.values() if reason][:3]
            self._reporter.notice(f"{len(self._unreadable)} pictures could not be read: {'; '.join(examples)}")
        return file
