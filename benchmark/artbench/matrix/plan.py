"""The plan of a matrix: its units, which of them are on record, and what the others will take."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from artbench.data.exclusion import NOTHING, read_exclusions
from artbench.data.opening import OpenTask, open_tasks
from artbench.data.unlabelled import find_unlabelled
from artbench.encoders.request import EncoderRequest, encoder_requests
from artbench.errors import ArtbenchError
from artbench.matrix.estimate import Costs, Estimate
from artbench.matrix.options import MatrixOptions, matrix_options
from artbench.matrix.units import Unit, units_of
from artbench.plugins.protocols import protocol_to_run
from artbench.plugins.registry import Registry
from artbench.records.folder import ResultsFolder
from artbench.records.record import Record
from artbench.runtime.files import file_errors, named_cache_folder, write_text
from artbench.runtime.progress import Reporter
from artbench.runtime.untrusted import read_regular, strict_json

_LARGEST = 256 << 20


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A matrix, cut into units.

    Attributes:
        options: What it is to measure.
        units: The units; a training stands before those that need it.
        on_record: Ids of the units whose records were there when the plan was made.
        estimates: What each of the others will take, by id.
    """

    options: MatrixOptions
    units: Sequence[Unit]
    on_record: Collection[str] = ()
    estimates: Mapping[str, Estimate] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Digest of the plan: 16 hexadecimal digits."""
        return _digest(self._text().encode())

    @property
    def to_do(self) -> list[Unit]:
        """The units that were not on record."""
        return [unit for unit in self.units if unit.id not in self.on_record]

    def write(self, folder: Path) -> Path:
        """Write the plan into the folder of a matrix, as its newest, and return the file, which never changes.

        Raises:
            ArtbenchError: The folder can't be written.
        """
        file = folder / "plans" / f"{self.digest}.json"
        with file_errors(f"the plan can't be written to {folder}", mend="Name another folder with --results"):
            write_text(file, self._text())
            write_text(folder / "plan.json", json.dumps({"plan": self.digest}) + "\n")
        return file

    def _text(self) -> str:
        content = {
            "options": json.loads(self.options.model_dump_json(exclude_defaults=True)) | {"cwd": str(self.options.cwd)},
            "units": [unit.as_json() for unit in self.units],
            "on_record": sorted(self.on_record),
            "seconds": {one: found.seconds for one, found in self.estimates.items() if found.seconds is not None},
        }
        return json.dumps(content, indent=1) + "\n"


def make_plan(options: MatrixOptions, *, registry: Registry, reporter: Reporter) -> Plan:
    """Cut a matrix into units, and see which of them are on record.

    A unit is on record if every record that it would make is there, for the images that the datasets list now; whether
    these were changed in place is found when one is run. Every dataset is opened once.

    Raises:
        UsageError: A name is unknown, or an option makes no sense.
        ArtbenchError: A dataset or checkpoint is not as it should be.
    """
    units = units_of(options, registry)
    opened = _open(options, registry, reporter)
    records = list(ResultsFolder(options.folder).records(reporter))
    protocol = protocol_to_run(options.protocol, plugins=options.plugin_files)
    costs, by_task = Costs.of(records, protocol=protocol), _by_task(records)
    done = {unit.id for unit in units if _is_on_record(unit, options, opened, by_task, registry)}
    images = {dataset: len(tasks[0].dataset) for dataset, tasks in opened.items()}
    estimates = {unit.id: costs.of_unit(unit, images=images.get(unit.dataset)) for unit in units if unit.id not in done}
    cache = options.cache or named_cache_folder().absolute()
    return Plan(options=options.model_copy(update={"cache": cache}), units=units, on_record=done, estimates=estimates)


def newest_plan(folder: Path) -> str:
    """Digest of the newest plan of a matrix.

    Raises:
        ArtbenchError: There is none.
    """
    return str(_json(folder / "plan.json", folder).get("plan", ""))


def read_plan(folder: Path, digest: str | None = None) -> Plan:
    """Read the newest plan of a matrix, or the one with a digest.

    Raises:
        ArtbenchError: There is none, or it can't be read.
    """
    digest = newest_plan(folder) if digest is None else digest
    if not (digest.isalnum() and digest.isascii()):
        raise ArtbenchError(f"{folder / 'plan.json'} names no plan", mend="`artbench matrix run` makes one")
    content = _json(folder / "plans" / f"{digest}.json", folder, digest=digest)
    try:
        return Plan(
            options=matrix_options(content["options"], source=f"the plan {digest}"),
            units=[Unit.from_json(unit) for unit in content["units"]],
            on_record=frozenset(content["on_record"]),
            estimates={
                one: Estimate(seconds=float(seconds), stored=None) for one, seconds in content["seconds"].items()
            },
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArtbenchError(
            f"the plan {digest} in {folder} can't be read ({type(error).__name__}: {error})",
            mend="`artbench matrix run` with its options makes it anew",
        ) from error


def _json(file: Path, folder: Path, *, digest: str | None = None) -> dict[str, Any]:
    try:
        text = read_regular(file, most=_LARGEST)
        content = strict_json(text.decode())
    except FileNotFoundError as error:
        raise ArtbenchError(
            f"there is no matrix in {folder} ({file.name} is missing)",
            mend="Is the results folder shared with this machine? `artbench matrix run` makes one",
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise ArtbenchError(f"{file} can't be read ({error})", mend="`artbench matrix run` makes it anew") from error
    if digest is not None and _digest(text) != digest:
        raise ArtbenchError(
            f"{file} can't be read (it was changed after it was written)", mend="`artbench matrix run` makes it anew"
        )
    return content if isinstance(content, dict) else {}


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:16]


def _open(options: MatrixOptions, registry: Registry, reporter: Reporter) -> dict[str, list[OpenTask]]:
    """Open all datasets with labels: a fault in one is found before anything is submitted."""
    every = [task for asked in options.task for task in registry.tasks.expand(asked)]
    labelled = [task for task in every if find_unlabelled(task, registry=registry) is None]
    request = options.request(backbones=(), pretraining="", tasks=tuple(labelled))
    for task in labelled:
        request.protocols(registry.tasks.get(task))
    opened = open_tasks(
        labelled,
        registry=registry,
        paths=options.paths,
        allow_partial=options.allow_partial,
        exclusions=NOTHING if request.exclude is None else read_exclusions(request.exclude),
        reporter=reporter,
    )
    return {tasks[0].spec.dataset: tasks for tasks in opened}


def _by_task(records: Iterable[Record]) -> dict[tuple[str, str], list[Record]]:
    """Put records together by task, and name of the network before any variant."""
    found: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        found.setdefault((record.task, record.backbone.partition("@")[0]), []).append(record)
    return found


def _is_on_record(
    unit: Unit,
    options: MatrixOptions,
    opened: Mapping[str, Sequence[OpenTask]],
    records: Mapping[tuple[str, str], Sequence[Record]],
    registry: Registry,
) -> bool:
    """Whether all records of a unit are there; of an encoder that is trained for the matrix, running it tells."""
    plain = unit.backbones[0].partition("@")[0]
    tasks = opened.get(unit.dataset, ())
    if unit.kind == "train" or unit.after or not tasks:
        return False
    if any((task.spec.name, plain) not in records for task in tasks):
        return False  # Without asking what the network is called on record, for which it may have to be built.
    request = options.request(backbones=unit.backbones, pretraining=unit.pretraining, tasks=unit.tasks)
    asked = encoder_requests(
        unit.backbones,
        [unit.pretraining],
        registry=registry,
        seed=options.seed,
        normalisation=request.normalisation,
    )
    return all(
        _measured(one, task, request.protocols(task.spec), records[task.spec.name, plain])
        for one in asked
        for task in tasks
    )


def _measured(one: EncoderRequest, task: OpenTask, protocols: Iterable[Any], records: Sequence[Record]) -> bool:
    return all(
        any(
            record.board[:3] == task.board(protocol, "")[:3]
            and record.dataset.listing == task.listing
            and one.made(record)
            for record in records
        )
        for protocol in protocols
    )
