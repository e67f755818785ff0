"""What was handed to an engine: files in the folder of a matrix, from which any process knows its share."""

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

from artbench.errors import ArtbenchError
from artbench.matrix.jobs import STAGES, Job, Stage
from artbench.matrix.state import now
from artbench.runtime.files import file_errors, write_text
from artbench.runtime.lease_disk import create_exclusively
from artbench.runtime.untrusted import read_regular, strict_json

_LARGEST = 256 << 20


@dataclass(frozen=True, kw_only=True)
class Submission:
    """Jobs of a plan that an engine has, or is to get.

    Attributes:
        folder: Folder of the matrix.
        number: Number of the submission, from 1.
        plan: Digest of the plan.
        engine: Name of the engine.
        jobs: Ids of the units of each job.
        stages: Numbers of the jobs by what they wait for: `train` trains; `free` waits for nothing; `after` for that.
        handles: What the engine calls its jobs, by what they are for.
        created: When it was made, in UTC.
        tries: Number of tries of its units that had failed before.
        in_vain: Number of submissions right before it of which nothing came, handed in by each other.
    """

    folder: Path
    number: int
    plan: str
    engine: str
    jobs: Sequence[Sequence[str]]
    stages: Mapping[Stage, Sequence[int]] = field(default_factory=dict)
    handles: Mapping[str, str] = field(default_factory=dict)
    created: str = field(default_factory=now)
    tries: int = 0
    in_vain: int = 0

    @property
    def file(self) -> Path:
        """The file of the submission."""
        return self.folder / "submissions" / f"{self.number:04}.json"

    @property
    def logs(self) -> Path:
        """Folder for what its processes print."""
        return self.folder / "logs" / f"{self.number:04}"

    @property
    def places(self) -> dict[str, Sequence[int]]:
        """Numbers of the jobs in each array, in order, by its handle."""
        stages = {str(stage): numbers for stage, numbers in self.stages.items()}
        parts = {handle: name.partition("+") for name, handle in self.handles.items()}
        return {
            handle: stages[stage][int(first or 0) :] for handle, (stage, _, first) in parts.items() if stage in stages
        }

    def doing_file(self, job: int) -> Path:
        """The file with the id of the unit that a job is doing, which stays there if its process is killed."""
        return self.logs / f"{job}.unit"

    def command(self, *arguments: str) -> list[str]:
        """The command of a process that works on the submission, which `arguments` give its share."""
        return [sys.executable, "-m", "artbench", "matrix", "work", str(self.folder), str(self.number), *arguments]

    def write(self) -> None:
        """Write the submission, also when the engine has given its jobs their names.

        Raises:
            ArtbenchError: The folder can't be written.
        """
        with _writing(self.folder):
            write_text(self.file, self.as_text())

    def as_text(self) -> str:
        """The submission as its file has it."""
        content = {
            "plan": self.plan,
            "engine": self.engine,
            "jobs": [list(job) for job in self.jobs],
            "stages": {stage: list(numbers) for stage, numbers in self.stages.items()},
            "handles": dict(self.handles),
            "created": self.created,
            "tries": self.tries,
            "in_vain": self.in_vain,
        }
        return json.dumps(content, indent=1) + "\n"


def new_submission(
    folder: Path, *, plan: str, engine: str, jobs: Sequence[Job], tries: int = 0, in_vain: int = 0
) -> Submission:
    """Make the next submission of a matrix, and write its file, as yet without handles.

    Of several that are made at the same moment, on any machines, each has a number of its own.

    Raises:
        ArtbenchError: The folder can't be written.
    """
    made = Submission(
        folder=folder,
        number=1,
        plan=plan,
        engine=engine,
        jobs=[[unit.id for unit in job.units] for job in jobs],
        stages=stages_of(jobs),
        tries=tries,
        in_vain=in_vain,
    )
    with _writing(folder):
        made.file.parent.mkdir(parents=True, exist_ok=True)
        made = replace(made, number=max(submission_files(folder), default=0) + 1)
        while not create_exclusively(made.file, made.as_text().encode()):
            made = replace(made, number=made.number + 1)
    return made


def stages_of(jobs: Sequence[Job]) -> dict[Stage, list[int]]:
    """Numbers of jobs by their stage, in the order in which the stages can be done."""
    found: dict[Stage, list[int]] = {}
    for stage in STAGES:
        numbers = [number for number, job in enumerate(jobs) if job.stage == stage]
        if numbers:
            found[stage] = numbers
    return found


def submissions(folder: Path) -> list[Submission]:
    """All submissions of a matrix, in order; what can't be read is left out."""
    found = []
    for number in sorted(submission_files(folder)):
        try:
            found.append(read_submission(folder, number))
        except ArtbenchError:
            continue
    return found


def submission_files(folder: Path) -> dict[int, Path]:
    """Files of submissions by their numbers, also those that can't be read."""
    files = (folder / "submissions").glob("[0-9]*.json")
    return {int(file.stem): file for file in files if file.stem.isascii() and file.stem.isdecimal()}


def _writing(folder: Path) -> AbstractContextManager[None]:
    return file_errors(f"the submission can't be written to {folder}", mend="Name another folder")


def read_submission(folder: Path, number: int) -> Submission:
    """Read a submission.

    Raises:
        ArtbenchError: It is not there, or can't be read.
    """
    file = folder / "submissions" / f"{number:04}.json"
    try:
        content = strict_json(read_regular(file, most=_LARGEST).decode())
        return Submission(
            folder=folder,
            number=number,
            plan=str(content["plan"]),
            engine=str(content["engine"]),
            jobs=[list(map(str, job)) for job in content["jobs"]],
            stages={stage: list(map(int, content["stages"][stage])) for stage in STAGES if stage in content["stages"]},
            handles={str(name): str(handle) for name, handle in content["handles"].items()},
            created=str(content["created"]),
            tries=int(content.get("tries", 0)),
            in_vain=int(content.get("in_vain", 0)),
        )
    except FileNotFoundError as error:
        raise ArtbenchError(
            f"{file} is not there on this machine",
            mend="The results folder has to be one that all nodes share; name such a one with --results",
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ArtbenchError(f"{file} can't be read ({error})", mend="`artbench matrix retry` makes another") from error
