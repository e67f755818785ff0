"""The loop of a process that works through units."""

import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

from artbench.matrix.state import TRIES, MatrixState, failure_name
from artbench.matrix.units import Unit
from artbench.runtime.lease import LeaseLost
from artbench.runtime.lease_disk import Clock, SystemClock
from artbench.runtime.progress import Reporter

# Seconds between two looks at units that others run.
_LOOK = 5.0

Perform: TypeAlias = Callable[[Unit], Mapping[str, Any]]
# Done now; tried in vain, to be tried again; not to be done now; nothing to do.
_Outcome: TypeAlias = Literal["done", "tried", "elsewhere", "over"]


def work(
    units: Sequence[Unit],
    state: MatrixState,
    perform: Perform,
    *,
    wait: bool,
    reporter: Reporter,
    clock: Clock | None = None,
) -> list[Unit]:
    """Do the units that nobody has done or is doing, each at most three times, and return those that are not done.

    Any number of processes may call it with the same units: a unit is done under a lease. What fails is written down,
    and the others go on. A process that stood still while another took its unit over leaves it to that one.

    Args:
        units: The units, in the order in which they are tried.
        state: What became of them.
        perform: Does a unit and returns what to write down about it; it may be called again for the same unit.
        wait: Whether to wait for what other living processes run, and do it if they die; else such units are left out.
        reporter: Receives a notice for each unit.
        clock: The clock.

    Raises:
        ArtbenchError: The folder can't be written.
    """
    clock = SystemClock() if clock is None else clock
    pending, patient = list(units), False
    while pending:
        outcomes = [
            (unit, _attempt(unit, state, perform, patient=patient, reporter=reporter, clock=clock)) for unit in pending
        ]
        pending = [unit for unit, outcome in outcomes if outcome in ("tried", "elsewhere")]
        if any(outcome in ("done", "tried") for _, outcome in outcomes):
            patient = False
        elif pending and wait:
            clock.sleep(_LOOK)
        elif patient:
            break
        else:
            # What is left may be held by a process that is gone, which only silence shows.
            patient = True
    return [unit for unit in units if not state.is_done(unit.id)]


def _attempt(
    unit: Unit, state: MatrixState, perform: Perform, *, patient: bool, reporter: Reporter, clock: Clock
) -> _Outcome:
    """Do a unit, if it is to do and can be done now."""
    if state.is_done(unit.id) or state.tries(unit.id) >= TRIES:
        return "over"
    if unit.after and not state.is_done(unit.after):
        if state.tries(unit.after) < TRIES:
            return "elsewhere"
        for _ in range(state.tries(unit.id), TRIES):
            state.fail(unit.id, f"its training failed: see {failure_name(unit.after, TRIES)}")
        return "over"
    with state.held(unit, patient=patient) as lease:
        if lease is None:
            return "elsewhere"
        # Another process may have done it before the lease was this one's.
        if state.is_done(unit.id):
            return "over"
        began = clock.now()
        try:
            content = perform(unit)
            state.finish(unit, lease, {"unit": str(unit), "seconds": clock.now() - began, **content})
        except Exception as error:
            # What fails because another has taken the unit over is no failure of the unit, whatever it says.
            if isinstance(error, LeaseLost) or not lease.is_held():
                reporter.notice(f"{unit}: {error}")
                return "elsewhere"
            state.fail(unit.id, _told(error))
            tries = state.tries(unit.id)
            reporter.notice(f"{unit}: try {tries} of {TRIES} failed: {error}")
            return "tried" if tries < TRIES else "over"
        reporter.notice(f"{unit}: done in {clock.now() - began:.0f} s")
        return "done"


def _told(error: Exception) -> str:
    """The traceback of an error, and the error in one line."""
    return f"{''.join(traceback.format_exception(error))}\n{type(error).__name__}: {' '.join(str(error).split())}\n"
