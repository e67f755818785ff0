"""`check_dataset`: does a dataset keep the contract?"""

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np

from artbench.data.dataset import Dataset
from artbench.data.decode import UnreadableImage, decode
from artbench.data.targets import Targets
from artbench.errors import ArtbenchError
from artbench.plugins.registry import Registry
from artbench.runtime.findings import Finding
from artbench.specs import DatasetSpec, TaskSpec, load_factory
from artbench.testing.checks import Check, Fault, PathLike, demand, examined, folder_of, line, registered, some
from artbench.testing.read_dataset import ReadDataset, make_read

# Spread over the whole dataset, of which there may be a million.
_DECODED = 16


def check_dataset(spec: DatasetSpec | str, root: Path | None = None, *, plugins: Sequence[PathLike] = ()) -> None:
    """Read a dataset and put it to every check.

    Args:
        spec: The dataset, or its name among what plugins register.
        root: The folder with its pictures: a small one, made by the test, will do. None: where `ARTBENCH_DATA` has it,
            or made by its own code.
        plugins: Python files that hold plugins, beside those that are installed.

    Raises:
        ContractError: It breaks the contract; lists every failure with what to change.
        UsageError: No dataset is called that, or nothing says where its pictures are.
        ArtbenchError: There is no such folder.

    Examples:
        In a test that gets the fixture `artbench_tiny_dataset` as `tiny`:

        >>> from artbench.testing import check_dataset
        >>> check_dataset(tiny.spec, tiny.root)
    """
    registry = registered(plugins)
    if isinstance(spec, str):
        spec = registry.datasets.get(spec)
    demand(f"dataset {spec.name}", examine_dataset(spec, folder_of(spec, root), tasks=tasks_on(spec, registry)))


def examine_dataset(spec: DatasetSpec, root: Path, *, tasks: Sequence[TaskSpec] = ()) -> list[Finding]:
    """All findings about a dataset, those that pass among them.

    Args:
        spec: The dataset.
        root: The folder.
        tasks: Tasks on it, whose splits are looked at.

    Examples:
        In a test that gets the fixture `artbench_tiny_dataset` as `tiny`:

        >>> from artbench.testing import examine_dataset
        >>> {finding.status for finding in examine_dataset(tiny.spec, tiny.root, tasks=[tiny.task])}
        {'PASS'}
    """
    checks = [*ID_CHECKS, *FILE_CHECKS, *splits_checks(tasks)]
    return examined(lambda: make_read(spec, root), checks)


def tasks_on(spec: DatasetSpec, registry: Registry) -> list[TaskSpec]:
    """The tasks that are registered for a dataset, if it is this one that they mean."""
    known = [other for _, other in registry.datasets.specs() if other.name == spec.name]
    return [task for _, task in registry.tasks.specs() if task.dataset == spec.name] if known == [spec] else []


def inside(read: ReadDataset) -> Iterator[Fault]:
    """Every file lies inside the folder, and is named relative to it."""
    files = list(read.dataset.files)
    absolute = [file for file in files if PurePosixPath(file).is_absolute() or PureWindowsPath(file).is_absolute()]
    if absolute:
        mend = "Name files relative to the folder: path.relative_to(root).as_posix()"
        yield Fault(f"{len(absolute):,} files are absolute paths: {some(absolute)}", mend)
    upwards = [file for file in files if ".." in PurePosixPath(file.replace("\\", "/")).parts]
    if upwards:
        mend = "Refuse a list that names them, with the number of the line: it may come from anywhere"
        yield Fault(f"{len(upwards):,} files lead out of the folder by '..': {some(upwards)}", mend)
    if absolute or upwards:
        return
    base = read.dataset.root.resolve()
    away = [file for file in files if not (base / file).resolve().is_relative_to(base)]
    if away:
        mend = "Copy the pictures into the folder, or let the folder itself be the link"
        yield Fault(f"{len(away):,} files are links that lead out of the folder: {some(away)}", mend, "WARN")


def there(read: ReadDataset) -> Iterator[Fault]:
    """Every picture of the dataset is on disk."""
    gone = [file for row, file in enumerate(read.dataset.files) if not read.dataset.path(row).is_file()]
    if gone:
        yield Fault(
            f"{len(gone):,} of {len(read.dataset):,} files are not there: {some(gone)}",
            "Leave them out of ids and files; a task names them in Targets.missing, so that its results say so",
        )


def decodes(read: ReadDataset) -> Iterator[Fault]:
    """Its files are pictures that artbench can decode."""
    count = len(read.dataset)
    broken = []
    for row in sorted({number * (count - 1) // max(1, _DECODED - 1) for number in range(_DECODED)}):
        try:
            decode(read.dataset.read(row), short_side=32, crop=32)
        except UnreadableImage as error:
            broken.append(f"{read.dataset.files[row]} ({error.reason})")
        except OSError:
            # Told by the check whether it is there.
            continue
    if broken:
        mend = "List pictures only, in JPEG, PNG, WebP, TIFF, GIF or BMP, and replace those that are damaged"
        yield Fault(
            f"{len(broken)} of {min(count, _DECODED)} files that were tried can't be decoded: {some(broken)}", mend
        )


def unopened(read: ReadDataset) -> Iterator[Fault]:
    """Reading the dataset opens no picture."""
    files = {read.dataset.path(row).absolute() for row in range(len(read.dataset))}
    opened = files.intersection(path.absolute() for path in read.opened)
    if opened:
        mend = "Read lists and names only: of a hundred thousand pictures on a slow disk, this takes an hour"
        yield Fault(f"reading it opens {len(opened):,} pictures", mend, "WARN")


def wrong_folder(read: ReadDataset) -> Iterator[Fault]:
    """A folder that holds something else is refused in one line that says what belongs there."""
    if read.spec.folder is not None:
        return
    with tempfile.TemporaryDirectory() as empty:
        try:
            found = read.factory(Path(empty))
        except ArtbenchError as error:
            if not error.mend:
                mend = "Raise ArtbenchError(what is wrong, mend=what should lie there)"
                yield Fault(f"an empty folder is refused without a mend: {line(error)}", mend, "WARN")
        except Exception as error:
            mend = "Raise ArtbenchError(what is wrong, mend=what should lie there): it is shown as one line"
            yield Fault(f"an empty folder raises {line(error)}", mend)
        else:
            if not len(found):
                mend = "Raise ArtbenchError where no picture is found: --data may name the wrong folder"
                yield Fault("an empty folder is read as a dataset without pictures", mend)


FILE_CHECKS: tuple[Check[ReadDataset], ...] = (inside, there, decodes, unopened, wrong_folder)


def name(read: ReadDataset) -> Iterator[Fault]:
    """The dataset is called as it is registered."""
    if read.dataset.name not in (read.spec.name, read.spec.name.rpartition(":")[2]) and read.spec.folder is None:
        yield Fault(
            f"it is registered as {read.spec.name!r} and calls itself {read.dataset.name!r}",
            f"Return Dataset(name={read.spec.name!r}, …)",
        )


def unique_ids(read: ReadDataset) -> Iterator[Fault]:
    """No two pictures have one id."""
    twice = [id_ for id_, count in Counter(read.dataset.ids).items() if count > 1]
    if twice:
        mend = "Take what tells them apart, such as the path below the folder, and not the name of the file alone"
        yield Fault(f"{len(twice):,} ids are given to several pictures: {some(twice)}", mend)


def portable_ids(read: ReadDataset) -> Iterator[Fault]:
    """Ids are alike on every machine: printable, and nothing in them says where the folder lies."""
    odd = [id_ for id_ in read.dataset.ids if not id_ or not id_.isprintable()]
    if odd:
        yield Fault(f"{len(odd):,} ids are empty or can't be printed: {some([ascii(id_) for id_ in odd])}", "Mend them")
    places = {str(read.root), str(read.root.resolve())}
    local = [id_ for id_ in read.dataset.ids if any(id_.startswith(place) for place in places)]
    if local:
        mend = "Take the path below the folder: path.relative_to(root).as_posix()"
        yield Fault(f"{len(local):,} ids hold the place of the folder: {some(local)}", mend)


def stable_ids(read: ReadDataset) -> Iterator[Fault]:
    """A second read gives the same ids in the same order, however the file system lists its folders."""
    first, second = list(read.dataset.ids), list(read.again.ids)
    if first == second:
        return
    if sorted(first) == sorted(second):
        yield Fault(
            "the order of the pictures changes with the order in which the file system lists them",
            "Sort what a folder holds: sorted(root.rglob('*')), or take the order of a list",
        )
    else:
        changed = sorted(set(first) ^ set(second))
        mend = "Make ids of what stays, such as the path below the folder: no counters, no hash(), no random numbers"
        yield Fault(f"a second read gives other ids: {some(changed)}", mend)


def fingerprint(read: ReadDataset) -> Iterator[Fault]:
    """A second read finds the same state of the pictures."""
    if sorted(read.dataset.ids) == sorted(read.again.ids) and _states(read.dataset) != _states(read.again):
        mend = "Let versions tell the picture only: a digest, a release; no time, and nothing that changes when read"
        yield Fault("a second read gives other versions, so that no two results are comparable", mend)


def _states(dataset: Dataset) -> dict[str, str]:
    states = {}
    for row, id_ in enumerate(dataset.ids):
        try:
            states[id_] = dataset.version(row)
        except OSError:
            # Told by the check of the files.
            states[id_] = ""
    return states


ID_CHECKS: tuple[Check[ReadDataset], ...] = (name, unique_ids, portable_ids, stable_ids, fingerprint)


def splits_checks(tasks: Sequence[TaskSpec]) -> list[Check[ReadDataset]]:
    """The check of the splits, where there are tasks."""

    def splits(read: ReadDataset) -> Iterator[Fault]:
        """No picture is in two splits of a task."""
        for task in tasks:
            try:
                targets = load_factory(task.factory)(read.dataset)
            except Exception as error:
                yield Fault(f"task {task.name} raises {line(error)}", f"`artbench plugins check {task.name}` says more")
                continue
            for fault in shared(targets, read.dataset):
                yield Fault(f"task {task.name}: {fault.message}", fault.mend)

    return [splits] if tasks else []


def shared(targets: Targets, dataset: Dataset) -> Iterator[Fault]:
    """Pictures that are in two splits of one round."""
    for round_ in targets.rounds:
        for (first, one), (second, other) in combinations(round_.splits, 2):
            both = np.intersect1d(one.rows, other.rows)
            if len(both):
                names = [dataset.ids[row] for row in both.tolist() if 0 <= row < len(dataset)]
                yield Fault(
                    f"{len(both):,} pictures are in {first} and in {second}: {some(names)}",
                    "Put a picture into one split only: what was trained on tests nothing",
                )
