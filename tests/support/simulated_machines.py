"""Machines that fail, freeze and share a disk, on a simulated clock: real code runs in threads, one at a time.

A thread runs until it waits; then the one whose time comes next goes on. What a run does depends on its seed alone.
"""

import heapq
import threading
from collections.abc import Callable
from random import Random


class Killed(BaseException):
    """The machine of this thread is gone: the thread ends, and nothing that it does on its way is done."""


class Machine:
    """A machine from one start to the next.

    Attributes:
        name: Its name.
        boot: What tells this start from the others.
        offset: By how much its clock is ahead, in seconds.
        died: When it was killed; None while it lives.
        frozen_until: None of its threads goes on before.
    """

    def __init__(self, name: str, boot: str, offset: float) -> None:
        self.name, self.boot, self.offset = name, boot, offset
        self.died: float | None = None
        self.frozen_until = 0.0


class Simulation:
    """Threads of machines, ordered by the time when each goes on.

    Attributes:
        time: Seconds since the beginning.
        random: What is random in it.
        failure: The first error in a thread, which ends the simulation.
    """

    def __init__(self, seed: int) -> None:
        self.time = 0.0
        self.random = Random(seed)
        self.failure: BaseException | None = None
        self._heap: list[tuple[float, int, Machine | None, Callable[[], None], bool]] = []
        self._number = 0
        self._end = threading.Semaphore(0)

    def at(self, time: float, function: Callable[[], None]) -> None:
        """Call a short function, which does not wait, at a time."""
        self._push(time, None, function, False)

    def start(self, machine: Machine, function: Callable[[], object]) -> None:
        """Run a function on a machine, from now on."""
        go = threading.Semaphore(0)

        def run() -> None:
            go.acquire()
            try:
                if machine.died is None:
                    function()
            except Killed:
                pass
            except BaseException as error:
                self.failure = self.failure or error
                self._end.release()
                raise
            self._next()

        threading.Thread(target=run, daemon=True).start()
        self._push(self.time, machine, go.release, True)

    def run(self) -> None:
        """Run until no thread is left."""
        self._next()
        self._end.acquire()
        if self.failure is not None:
            raise self.failure

    def sleep(self, machine: Machine, seconds: float) -> None:
        """Let this thread of a machine wait."""
        if machine.died is not None:
            raise Killed
        go = threading.Semaphore(0)
        self._push(self.time + seconds, machine, go.release, True)
        self._next()
        go.acquire()
        if machine.died is not None:
            raise Killed

    def _push(self, time: float, machine: Machine | None, function: Callable[[], None], hands_over: bool) -> None:
        self._number += 1
        heapq.heappush(self._heap, (time, self._number, machine, function, hands_over))

    def _next(self) -> None:
        """Let the next thread go on; what does not wait is called here."""
        while self._heap:
            time, _, machine, function, hands_over = heapq.heappop(self._heap)
            if machine is not None and machine.died is None and machine.frozen_until > time:
                self._push(machine.frozen_until + self.random.random(), machine, function, hands_over)
                continue
            self.time = max(self.time, time)
            function()
            if hands_over:
                return
        self._end.release()


class MachineClock:
    """The clock of a machine, which may be hours off."""

    def __init__(self, simulation: Simulation, machine: Machine) -> None:
        self._simulation, self._machine = simulation, machine

    def now(self) -> float:
        return self._simulation.time + self._machine.offset

    def sleep(self, seconds: float, /) -> None:
        self._simulation.sleep(self._machine, seconds)

    def every(self, seconds: float, function: Callable[[], object], /) -> Callable[[], None]:
        ended = [False]

        def repeat() -> None:
            while True:
                self.sleep(seconds)
                if ended[0]:
                    return
                function()

        def end() -> None:
            ended[0] = True

        self._simulation.start(self._machine, repeat)
        return end


class SharedDisk:
    """Files by path, which each machine sees as they were some seconds ago, except for what it has changed itself.

    Every look at every file is late by another time, so that changes appear in any order. What a machine creates is
    decided at once, as a server does. Now and then an answer takes long, or its machine freezes while it waits for it.

    Args:
        simulation: The simulation.
        delay: The most seconds by which a look is late.
        slow: Share of looks and changes that wait for the server.
        freezing: Share of these during which the machine freezes for minutes.
    """

    def __init__(self, simulation: Simulation, *, delay: float, slow: float = 0.05, freezing: float) -> None:
        self._simulation = simulation
        self._delay, self._slow, self._freezing = delay, slow, freezing
        # Of each file, by folder and name: when which machine gave it which content, None for none, oldest first.
        self._folders: dict[str, dict[str, list[tuple[float, Machine, bytes | None]]]] = {}

    def wait(self, machine: Machine) -> None:
        """Wait for the server, mostly not at all."""
        if machine.died is not None:
            raise Killed
        random = self._simulation.random
        if random.random() < self._slow:
            if random.random() < self._freezing:
                machine.frozen_until = self._simulation.time + random.uniform(30.0, 600.0)
            self._simulation.sleep(machine, random.uniform(0.001, 0.5))

    def read(self, machine: Machine, folder: str, name: str) -> bytes | None:
        """Return what a machine sees of a file; None for none."""
        history = self._folders.get(folder, {}).get(name)
        return None if history is None else self._seen(machine, history)

    def names(self, machine: Machine, folder: str) -> list[str]:
        """Return the names of the files that a machine sees in a folder."""
        files = self._folders.get(folder, {})
        return [name for name, history in files.items() if self._seen(machine, history) is not None]

    def truth(self, folder: str, name: str) -> bytes | None:
        """Return what the server has."""
        history = self._folders.get(folder, {}).get(name)
        return history[-1][2] if history else None

    def change(self, machine: Machine, folder: str, name: str, content: bytes | None) -> None:
        """Give a file another content, or remove it."""
        history = self._folders.setdefault(folder, {}).setdefault(name, [])
        # What nobody can see any more is forgotten.
        horizon = self._simulation.time - self._delay
        while len(history) > 1 and history[1][0] < horizon:
            del history[0]
        history.append((self._simulation.time, machine, content))

    def _seen(self, machine: Machine, history: list[tuple[float, Machine, bytes | None]]) -> bytes | None:
        until = self._simulation.time - self._simulation.random.uniform(0.0, self._delay)
        for time, by, content in reversed(history):
            if time <= until or by is machine:
                return content
        # The oldest that is kept, if it is older than any look.
        return None


class LeaseFiles:
    """The files of one lease on a shared disk, as a machine sees them (`artbench.runtime.lease_disk.Disk`)."""

    def __init__(self, disk: SharedDisk, machine: Machine, folder: str) -> None:
        self._disk, self._machine, self._folder = disk, machine, folder

    def prepare(self) -> None:
        self._disk.wait(self._machine)

    def generations(self) -> list[int]:
        self._disk.wait(self._machine)
        found = [int(name) for name in self._disk.names(self._machine, self._folder)]
        self._disk.wait(self._machine)
        return found

    def read(self, generation: int, /) -> bytes | None:
        self._disk.wait(self._machine)
        found = self._disk.read(self._machine, self._folder, f"{generation:06}")
        self._disk.wait(self._machine)
        return found

    def create(self, generation: int, content: bytes, /) -> bool:
        self._disk.wait(self._machine)
        is_new = self._disk.truth(self._folder, f"{generation:06}") is None
        if is_new:
            self._disk.change(self._machine, self._folder, f"{generation:06}", content)
        self._disk.wait(self._machine)
        return is_new

    def replace_own(self, generation: int, content: bytes, /) -> bool:
        self._disk.wait(self._machine)
        is_there = self._disk.truth(self._folder, f"{generation:06}") is not None
        if is_there:
            self._disk.change(self._machine, self._folder, f"{generation:06}", content)
        self._disk.wait(self._machine)
        return is_there

    def remove(self, generation: int, /) -> None:
        self._disk.wait(self._machine)
        if self._disk.truth(self._folder, f"{generation:06}") is not None:
            self._disk.change(self._machine, self._folder, f"{generation:06}", None)
