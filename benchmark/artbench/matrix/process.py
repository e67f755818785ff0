"""What a process does that an engine has started: its share of the units."""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from artbench.api.common import loaded
from artbench.errors import ArtbenchError, Interrupted
from artbench.matrix.perform import perform
from artbench.matrix.plan import Plan, read_plan
from artbench.matrix.state import MatrixState
from artbench.matrix.submission import Submission, read_submission
from artbench.matrix.units import Unit
from artbench.matrix.work import Perform, work
from artbench.runtime.distributed import process_group
from artbench.runtime.files import write_text
from artbench.runtime.progress import Reporter, Silent
from artbench.runtime.several import run_several

# From here on an exit status tells of a signal, as shells count.
_BY_SIGNAL = 128


@dataclass(frozen=True, kw_only=True)
class Share:
    """The share of a process.

    Attributes:
        job: Number of its job; None: all jobs.
        number: Number of this process, from which follows where in the units it begins.
        count: Number of all processes that have the same job.
        wait: Whether to wait for what others run.
    """

    job: int | None = None
    number: int = 0
    count: int = 1
    wait: bool = False


def work_on(folder: Path, submission: int, share: Share, *, reporter: Reporter) -> None:
    """Do the share of a process, in that process; what becomes of it is in the files of the units.

    Args:
        folder: Folder of the matrix.
        submission: Number of the submission.
        share: The share.
        reporter: Receives notices.

    Raises:
        ArtbenchError: The folder is not there, or can't be written.
    """
    handed, made = _opened(folder, submission)
    by_id = {unit.id: unit for unit in made.units}
    jobs = handed.jobs if share.job is None else [handed.jobs[share.job]]
    units = [by_id[one] for ids in jobs for one in ids]
    first = len(units) * share.number // share.count
    # Trainings first, since others wait for them.
    units = sorted(units[first:] + units[:first], key=lambda unit: unit.kind != "train")
    perform_unit = _doing(handed, made, reporter)
    if share.job is not None:
        perform_unit = partial(_noted, perform_unit=perform_unit, file=handed.doing_file(share.job))
    work(units, MatrixState(folder), perform_unit, wait=share.wait, reporter=reporter)


def do_unit(folder: Path, submission: int, unit: str, result: Path, *, reporter: Reporter) -> None:
    """Do one unit as one of several processes that share it, for the process that holds it.

    Args:
        folder: Folder of the matrix.
        submission: Number of the submission.
        unit: Id of the unit.
        result: File to write what is to be written down about it.
        reporter: Receives notices.

    Raises:
        ArtbenchError: The unit fails.
    """
    _, made = _opened(folder, submission)
    [one] = [found for found in made.units if found.id == unit]
    with process_group() as group:
        content = _alone(made, reporter if group.first else Silent())(one)
        if group.first:
            write_text(result, json.dumps(content))


def _doing(handed: Submission, made: Plan, reporter: Reporter) -> Perform:
    """What does a unit: this process, or several that share it, one a device."""
    if made.options.resources.processes > 1:
        return partial(_perform_shared, handed=handed, count=made.options.resources.processes)
    return _alone(made, reporter)


def _alone(made: Plan, reporter: Reporter) -> Perform:
    """What does a unit in this process; plugins are loaded once for all units."""
    registry = loaded(made.options.plugin_files, reporter, made.options.paths)
    return partial(perform, options=made.options, registry=registry, reporter=reporter)


def _noted(unit: Unit, *, perform_unit: Perform, file: Path) -> Mapping[str, Any]:
    """Do a unit, whose id is in a file meanwhile, and stays there if this process is ended from outside."""
    write_text(file, unit.id)
    try:
        content = perform_unit(unit)
    except Exception:
        file.unlink(missing_ok=True)
        raise
    file.unlink(missing_ok=True)
    return content


def _perform_shared(unit: Unit, *, handed: Submission, count: int) -> Mapping[str, Any]:
    with tempfile.TemporaryDirectory(prefix="artbench-") as folder:
        result = Path(folder) / "result.json"
        # This process's name and share are not the children's.
        command = handed.command("--unit", unit.id, "--result", str(result))[3:]
        status = run_several(command, count=count)
        if status > _BY_SIGNAL:
            raise Interrupted(status - _BY_SIGNAL)
        if status:
            raise ArtbenchError(f"one of {count} processes ended with status {status}: the log above has its line")
        content: dict[str, Any] = json.loads(result.read_text())
        return content


def _opened(folder: Path, submission: int) -> tuple[Submission, Plan]:
    """Read a submission and its plan, and work where and as the command did that made it."""
    handed = read_submission(folder, submission)
    made = read_plan(folder, handed.plan)
    if made.options.cache is not None:
        os.environ["ARTBENCH_CACHE"] = str(made.options.cache)
    os.chdir(made.options.cwd)
    return handed, made
