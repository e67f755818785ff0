"""Runs processes that work through units, and replaces one that dies: what it was doing counts as a try that failed."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from artbench.errors import ArtbenchError
from artbench.matrix.state import MatrixState
from artbench.matrix.submission import Submission
from artbench.runtime.progress import Reporter

# Seconds between two looks at the processes.
_LOOK = 0.2
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, kw_only=True)
class Worker:
    """One of the processes that a submission is shared out to.

    Attributes:
        arguments: Its arguments, as `artbench matrix work` takes them.
        environment: Variables of the environment that are its own.
        cores: Cores that it may use; empty: all.
        log: Name of the file for what it prints; empty: where this process prints.
    """

    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    cores: Sequence[int] = ()
    log: str = ""


class Supervisor:
    """The processes of a submission on this machine.

    Args:
        submission: The submission.
        reporter: Receives a notice for each process that died.
    """

    def __init__(self, submission: Submission, reporter: Reporter) -> None:
        self._submission = submission
        self._reporter = reporter
        self._state = MatrixState(submission.folder)
        self._children: dict[subprocess.Popen[bytes], Worker] = {}
        self._ended_by: list[int] = []

    def run(self, workers: Sequence[Worker]) -> None:
        """Run all of them, and return when they are through their units; what became of these is in their files.

        SIGINT and SIGTERM are handed on; once the processes have ended, this one gets the signal itself.

        Raises:
            ArtbenchError: A process died that had not begun a unit, so that another would as well.
        """
        with self._handing_on():
            for worker in workers:
                self._start(worker)
            while self._children:
                time.sleep(_LOOK)
                for child, worker in list(self._children.items()):
                    if child.poll() is not None:
                        del self._children[child]
                        self._ended(child, worker)
        if self._ended_by:
            signal.raise_signal(self._ended_by[0])

    def stop(self, number: int, *, within: float) -> None:
        """Send a signal to all, and wait for them to end; kill those that have not after `within` seconds."""
        self._ended_by.append(number)
        for child in self._children:
            child.send_signal(number)
        until = time.monotonic() + within
        while any(child.poll() is None for child in self._children) and time.monotonic() < until:
            time.sleep(_LOOK)
        self._kill()

    def _start(self, worker: Worker) -> None:
        logs = self._submission.logs
        logs.mkdir(parents=True, exist_ok=True)
        with open(logs / worker.log, "ab") if worker.log else open(os.devnull, "wb") as log:  # noqa: PTH123
            output = log if worker.log else None
            child = subprocess.Popen(  # noqa: S603  this program
                self._submission.command(*worker.arguments, "--with-parent"),
                env=os.environ | dict(worker.environment),
                # Nothing is written to it: it closes when this process ends, however that comes.
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                # In a session of its own, so that Ctrl-C reaches it once, through this process.
                start_new_session=True,
            )
        if worker.cores and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(child.pid, worker.cores)
        self._children[child] = worker

    def _ended(self, child: subprocess.Popen[bytes], worker: Worker) -> None:
        status = child.returncode
        if status == 0 or self._ended_by:
            return
        cause = f"signal {-status} ({signal.strsignal(-status)})" if status < 0 else f"exit status {status}"
        if status == -signal.SIGKILL:
            cause += ", as the system ends processes where memory is short"
        # It needs torch, which this process does without otherwise.
        from artbench.matrix.plan import read_plan

        units = read_plan(self._submission.folder, self._submission.plan).units
        held = self._state.held_by(units, host=socket.gethostname(), pid=child.pid)
        for unit in held:
            self._state.fail(unit.id, f"its process ended by {cause}")
            self._reporter.notice(f"{unit}: its process ended by {cause}")
        if not held:
            where = self._submission.logs / worker.log if worker.log else "the log of the job"
            raise ArtbenchError(
                f"a process of the matrix ended by {cause} before it began a unit",
                mend=f"What it printed is in {where}",
            )
        self._start(worker)

    @contextmanager
    def _handing_on(self) -> Iterator[None]:
        """Hand signals on to the processes; at the end none is left."""

        def hand_on(number: int, _: FrameType | None) -> None:
            self._ended_by.append(number)
            for child in list(self._children):
                child.send_signal(number)

        before = {number: signal.signal(number, hand_on) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            self._kill()

    def _kill(self) -> None:
        for child in self._children:
            child.kill()
            child.wait()
