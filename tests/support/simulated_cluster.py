"""A matrix on a simulated cluster: the real loop over units and the real leases, on machines that fail and freeze."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, cast

from artbench.matrix.state import MatrixState
from artbench.matrix.state_files import StateFiles
from artbench.matrix.units import Unit
from artbench.matrix.work import work
from artbench.runtime.lease import Lease, _held
from artbench.runtime.lease_holder import Holder
from artbench.runtime.progress import Silent
from tests.support.simulated_machines import LeaseFiles, Machine, MachineClock, SharedDisk, Simulation

HOUR, MINUTE = 3600.0, 60.0
# How many times its own share of the units a node knows of.
_SHARES = 4


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """What is simulated.

    Attributes:
        nodes: Number of nodes.
        units: Number of units.
        minutes: The shortest and the longest unit.
        between_failures: Mean seconds between two failures of a node, which comes back after some minutes.
        between_freezes: Mean seconds between two freezes of a node, each for up to ten minutes.
        delay: The most seconds by which a node sees late what others have changed.
        freezing: Share of the answers of the disk that a node waits for during which it freezes for minutes.
    """

    nodes: int = 500
    units: int = 10_000
    minutes: tuple[float, float] = (2.0, 6.0)
    between_failures: float = 2 * HOUR
    between_freezes: float = 6 * HOUR
    delay: float = 5.0
    freezing: float = 0.01


@dataclass
class Outcome:
    """What came of it.

    Attributes:
        seconds: When the last unit was on record.
        work: Seconds of work in all, with what failed nodes and superseded ones did in vain.
        needed: Seconds of work of all units, each once.
        done: Units that are on record.
        failures: Failures of nodes.
        freezes: Freezes of nodes.
        takeovers: Leases that were taken over from a node that was silent.
        lost: Units whose node noticed that another had taken them over.
        wrong: Units that a node recorded after another one held their lease.
        unfinished: Units that are not on record.
    """

    seconds: float = 0.0
    work: float = 0.0
    needed: float = 0.0
    done: int = 0
    failures: int = 0
    freezes: int = 0
    takeovers: int = 0
    lost: int = 0
    wrong: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)


class _Notices(Silent):
    """Counts what is told."""

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome

    def notice(self, text: str, /) -> None:
        self._outcome.takeovers += "taken over" in text
        self._outcome.lost += "stood still" in text


class _Noticed(Lease):
    """A lease of which it is known who is given it."""

    def __init__(self, unit: str, run: "_Run", machine: Machine, clock: MachineClock) -> None:
        disk = LeaseFiles(run.disk, machine, unit)
        super().__init__(Path(unit), doing="working on this unit", disk=disk, clock=clock, holder=self._of_machine)
        self._run, self._machine = run, machine

    def _of_machine(self) -> Holder:
        return Holder(host=self._machine.name, pid=1, boot=self._machine.boot)

    def acquire(self, **how: Any) -> bool:
        taken = super().acquire(**how | {"reporter": self._run.notices})
        if taken:
            given = (self.generation, self._machine.boot)
            self._run.holders[self.folder.name] = max(self._run.holders[self.folder.name], given)
        return taken


class _Files:
    """The files of the matrix, as a node sees them; it looks whether who records a unit has its lease."""

    def __init__(self, run: "_Run", machine: Machine) -> None:
        self._run, self._machine = run, machine
        self._clock = MachineClock(run.simulation, machine)

    def create(self, name: str, content: bytes) -> bool:
        kind, _, file = name.partition("/")
        unit = file.partition(".")[0]
        if kind == "done":
            self._run.check_holder(unit, self._machine)
        if self._run.disk.truth(kind, file) is not None:
            return False
        self._run.disk.change(self._machine, kind, file, content)
        self._run.outcome.seconds = self._run.simulation.time
        return True

    def read(self, name: str) -> bytes | None:
        return self._run.disk.read(self._machine, *name.split("/"))

    def names(self, kind: str) -> list[str]:
        return self._run.disk.names(self._machine, kind)

    def lease(self, unit: str) -> Lease:
        return _Noticed(unit, self._run, self._machine, self._clock)


class _Run:
    def __init__(self, cluster: Cluster, seed: int) -> None:
        self.cluster = cluster
        self.simulation = Simulation(seed)
        self.disk = SharedDisk(self.simulation, delay=cluster.delay, freezing=cluster.freezing)
        self.outcome = Outcome()
        self.notices = _Notices(self.outcome)
        # Of each unit, the highest generation of its lease that anybody has been given, and who that was.
        self.holders: dict[str, tuple[int, str]] = defaultdict(lambda: (0, ""))
        random = Random(seed)
        self._seconds = {f"{number:016x}": MINUTE * random.uniform(*cluster.minutes) for number in range(cluster.units)}
        self._units = [
            Unit(id=unit, kind="measure", backbones=(unit,), pretraining="random", dataset="d", tasks=("t",))
            for unit in self._seconds
        ]
        self._starts = 0

    def go(self) -> Outcome:
        for node in range(self.cluster.nodes):
            self._start(node)
        self.simulation.run()
        outcome = self.outcome
        outcome.needed = sum(self._seconds.values())
        outcome.unfinished = [unit for unit in self._seconds if self.disk.truth("done", f"{unit}.json") is None]
        outcome.done = self.cluster.units - len(outcome.unfinished)
        return outcome

    def check_holder(self, unit: str, machine: Machine) -> None:
        if self.holders[unit][1] != machine.boot:
            self.outcome.wrong.append(unit)

    def _start(self, node: int) -> None:
        """Start a node, which has units of its own, as a job of an array has, and helps others when they are done."""
        self._starts += 1
        random = self.simulation.random
        machine = Machine(f"n{node}", f"start {self._starts}", random.uniform(-HOUR, HOUR))
        first = node * self.cluster.units // self.cluster.nodes
        units = (self._units[first:] + self._units[:first])[: _SHARES * self.cluster.units // self.cluster.nodes]
        ended = [False]

        def until_done() -> None:
            state = MatrixState(cast(StateFiles, _Files(self, machine)))
            clock = MachineClock(self.simulation, machine)
            while work(units, state, perform, wait=False, reporter=self.notices, clock=clock):
                clock.sleep(MINUTE)
            ended[0] = True

        def perform(unit: Unit) -> Mapping[str, Any]:
            began, needed = self.simulation.time, self._seconds[unit.id]
            try:
                self.simulation.sleep(machine, needed)
            finally:
                until = self.simulation.time if machine.died is None else machine.died
                self.outcome.work += min(until - began, needed)
            return {}

        def fail() -> None:
            if not ended[0]:
                machine.died = self.simulation.time
                self.outcome.failures += 1
                self.simulation.at(self.simulation.time + random.uniform(1, 10) * MINUTE, lambda: self._start(node))

        def freeze() -> None:
            if not ended[0] and machine.died is None:
                machine.frozen_until = self.simulation.time + random.uniform(10.0, 600.0)
                self.outcome.freezes += 1
                self.simulation.at(self._in(self.cluster.between_freezes), freeze)

        self.simulation.start(machine, until_done)
        self.simulation.at(self._in(self.cluster.between_failures), fail)
        self.simulation.at(self._in(self.cluster.between_freezes), freeze)

    def _in(self, mean: float) -> float:
        return self.simulation.time + self.simulation.random.expovariate(1 / mean)


def simulate(cluster: Cluster, *, seed: int) -> Outcome:
    """Run a matrix to its end."""
    before = list(_held)
    try:
        return _Run(cluster, seed).go()
    finally:
        # Those of killed machines, which in truth would be gone with their processes.
        _held[:] = before
