"""Checks of a dataset."""

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import combinations
from pathlib import Path, PureWindowsPath

import numpy as np

from artbench.data.dataset import Dataset
from artbench.data.decode import UnreadableImage, decode
from artbench.data.targets import Targets
from artbench.errors import ArtbenchError
from artbench.plugins.known import is_searched
from artbench.plugins.registry import Registry
from artbench.runtime.findings import Finding
from artbench.specs import DatasetSpec, TaskSpec, load_factory
from artbench.testing import checks
from artbench.testing.checks import Check, Fault, line, some
from artbench.testing.read_dataset import ReadDataset, read_twice

# Images that are decoded, spread over the whole dataset.
_DECODED = 16


def check_dataset(
    spec: DatasetSpec | str, root: Path | None = None, *, plugins: Sequence[checks.PathLike] = ()
) -> None:
    """Read a dataset and run every check on it.

    Args:
        spec: The dataset, or its registered name.
        root: The folder with its images; a small one, made by the test, will do. None: the one under `ARTBENCH_DATA`,
            or one made by its own code.
        plugins: Python files that hold plugins, in addition to the installed ones.

    Raises:
        ContractError: It breaks the contract; lists every failure with what to change.
        UsageError: No dataset has that name, or nothing says where its images are.
        ArtbenchError: There is no such folder.

    Examples:
        In a test that gets the fixture `artbench_tiny_dataset` as `tiny`:

        >>> from artbench.testing import check_dataset
        >>> check_dataset(tiny.spec, tiny.root)
    """
    registry = checks.registered(plugins)
    if isinstance(spec, str):
        spec = registry.datasets.get(spec)
    found = examine_dataset(spec, checks.folder_of(spec, root), tasks=tasks_on(spec, registry))
    checks.demand(f"dataset {spec.name}", found)


def examine_dataset(spec: DatasetSpec, root: Path, *, tasks: Sequence[TaskSpec] = ()) -> list[Finding]:
    """Return every finding about a dataset, including the checks that pass.

    Args:
        spec: The dataset.
        root: Its folder.
        tasks: Tasks on it, whose splits are checked.

    Examples:
        In a test that gets the fixture `artbench_tiny_dataset` as `tiny`:

        >>> from artbench.testing import examine_dataset
        >>> {finding.status for finding in examine_dataset(tiny.spec, tiny.root, tasks=[tiny.task])}
        {'PASS'}
    """
    return checks.run_checks(lambda: read_twice(spec, root), [*ID_CHECKS, *FILE_CHECKS, *_splits_checks(tasks)])


def tasks_on(spec: DatasetSpec, registry: Registry) -> list[TaskSpec]:
    """Return the tasks that are registered for a dataset, unless another dataset has its name."""
    known = [other for _, other in registry.datasets.specs() if other.name == spec.name]
    return [task for _, task in registry.tasks.specs() if task.dataset == spec.name] if known == [spec] else []


def inside(read: ReadDataset) -> Iterator[Fault]:
    """Every file is inside the folder, and its name is relative to it."""
    files = list(read.dataset.files)
    if absolute := [file for file in files if file.startswith("/") or PureWindowsPath(file).is_absolute()]:
        mend = "Name files relative to the folder: path.relative_to(root).as_posix()"
        yield Fault(f"{len(absolute):,} files are absolute paths: {some(absolute)}", mend)
    if upwards := [file for file in files if ".." in PureWindowsPath(file).parts]:
        mend = "Refuse a list that names them, with the number of the line: it may come from anywhere"
        yield Fault(f"{len(upwards):,} files lead out of the folder by '..': {some(upwards)}", mend)
    if absolute or upwards:
        return
    base = read.dataset.root.resolve()
    if outside := [file for file in files if not (base / file).resolve().is_relative_to(base)]:
        mend = "Copy the images into the folder, or let the folder itself be the link"
        yield Fault(f"{len(outside):,} files are links that lead out of the folder: {some(outside)}", mend, "WARN")


def there(read: ReadDataset) -> Iterator[Fault]:
    """Every image of the dataset is on disk."""
    if gone := [file for row, file in enumerate(read.dataset.files) if not read.dataset.path(row).is_file()]:
        mend = "Leave them out of ids and files; a task names them in Targets.missing, so that its results say so"
        yield Fault(f"{len(gone):,} of {len(read.dataset):,} files are not there: {some(gone)}", mend)


def decodes(read: ReadDataset) -> Iterator[Fault]:
    """Its files are images that artbench can decode."""
    broken, rows = [], checks.spread(len(read.dataset), _DECODED)
    for row in rows:
        try:
            decode(read.dataset.read(row), short_side=32, crop=32)
        except UnreadableImage as error:
            broken.append(f"{read.dataset.files[row]} ({error.reason})")
        except OSError:
            continue  # reported by `there`
    if broken:
        mend = "List images only, in JPEG, PNG, WebP, TIFF, GIF or BMP, and replace those that are damaged"
        yield Fault(f"{len(broken)} of {len(rows)} files that were tried can't be decoded: {some(broken)}", mend)


def unopened(read: ReadDataset) -> Iterator[Fault]:
    """Reading the dataset opens no image."""
    files = {read.dataset.path(row).absolute() for row in range(len(read.dataset))}
    if opened := files.intersection(path.absolute() for path in read.opened):
        mend = "Read lists and names only: to open a hundred thousand images on a slow disk takes an hour"
        yield Fault(f"reading it opens {len(opened):,} images", mend, "WARN")


def wrong_folder(read: ReadDataset) -> Iterator[Fault]:
    """A folder with other content is refused in one line that says what belongs there."""
    if read.spec.folder is not None:
        return
    with tempfile.TemporaryDirectory() as empty:
        try:
            found = read.factory(Path(empty))
        except ArtbenchError as error:
            if not error.mend:
                mend = "Raise ArtbenchError(what is wrong, mend=what should be there)"
                yield Fault(f"an empty folder is refused without a mend: {line(error)}", mend, "WARN")
        except Exception as error:
            mend = "Raise ArtbenchError(what is wrong, mend=what should be there): it is shown as one line"
            yield Fault(f"an empty folder raises {line(error)}", mend)
        else:
            if not len(found):
                mend = "Raise ArtbenchError where no image is found: --data may name the wrong folder"
                yield Fault("an empty folder is read as a dataset without images", mend)


def name(read: ReadDataset) -> Iterator[Fault]:
    """The dataset has the name that it is registered with."""
    own, wanted = read.dataset.name, read.spec.name
    if own not in (wanted, wanted.rpartition(":")[2]) and read.spec.folder is None:
        yield Fault(f"it is registered as {wanted!r}, but its name is {own!r}", f"Return Dataset(name={wanted!r}, …)")


def unique_ids(read: ReadDataset) -> Iterator[Fault]:
    """No two images have the same id."""
    if twice := [id_ for id_, count in Counter(read.dataset.ids).items() if count > 1]:
        mend = "Use what distinguishes them, such as the path below the folder instead of the name of the file"
        yield Fault(f"{len(twice):,} ids are given to several images: {some(twice)}", mend)


def portable_ids(read: ReadDataset) -> Iterator[Fault]:
    """Ids are the same on every machine: printable, and without the path of the folder."""
    if odd := [id_ for id_ in read.dataset.ids if not id_ or not id_.isprintable()]:
        mend = "Replace them, or the characters that can't be printed"
        yield Fault(f"{len(odd):,} ids are empty or can't be printed: {some([ascii(id_) for id_ in odd])}", mend)
    roots = (str(read.root), str(read.root.resolve()))
    if local := [id_ for id_ in read.dataset.ids if id_.startswith(roots)]:
        mend = "Use the path below the folder: path.relative_to(root).as_posix()"
        yield Fault(f"{len(local):,} ids contain the path of the folder: {some(local)}", mend)


def stable_ids(read: ReadDataset) -> Iterator[Fault]:
    """A second read gives the same ids in the same order, even if the file system lists folders in another order."""
    first, second = list(read.dataset.ids), list(read.again.ids)
    if sorted(first) != sorted(second):
        mend = "Make ids from what stays, such as the path below the folder: no counters, no hash(), no random numbers"
        yield Fault(f"a second read gives other ids: {some(sorted(set(first) ^ set(second)))}", mend)
    elif first != second:
        mend = "Sort the content of a folder, as in sorted(root.rglob('*')), or use the order of a list"
        yield Fault("the order of the images changes with the order in which the file system lists them", mend)


def fingerprint(read: ReadDataset) -> Iterator[Fault]:
    """A second read gives the same versions of the images."""
    if sorted(read.dataset.ids) == sorted(read.again.ids) and _versions(read.dataset) != _versions(read.again):
        mend = "Let versions depend on the image only: a digest, a release; no time, and nothing that changes when read"
        yield Fault("a second read gives other versions, so that no two results are comparable", mend)


def _versions(dataset: Dataset) -> dict[str, str]:
    versions = {}
    for row, id_ in enumerate(dataset.ids):
        with suppress(OSError):  # reported by `there`
            versions[id_] = dataset.version(row)
    return versions


def _splits_checks(tasks: Sequence[TaskSpec]) -> list[Check[ReadDataset]]:
    def splits(read: ReadDataset) -> Iterator[Fault]:
        """No image is in two splits of a task."""
        for task in tasks:
            try:
                targets = load_factory(task.factory)(read.dataset)
            except Exception as error:
                yield Fault(f"task {task.name} raises {line(error)}", f"`artbench plugins check {task.name}` says more")
                continue
            if is_searched(task.target):  # The index may hold its queries.
                continue
            for fault in overlaps(targets, read.dataset):
                yield Fault(f"task {task.name}: {fault.message}", fault.mend)

    return [splits] if tasks else []


def overlaps(targets: Targets, dataset: Dataset) -> Iterator[Fault]:
    """Yield the images that are in two splits of one round."""
    for round_ in targets.rounds:
        for (first, one), (second, other) in combinations(round_.splits, 2):
            if both := np.intersect1d(one.rows, other.rows).tolist():
                names = some([dataset.ids[row] for row in both if 0 <= row < len(dataset)])
                mend = "Put an image into one split only: a test on training images means nothing"
                yield Fault(f"{len(both):,} images are in {first} and in {second}: {names}", mend)


ID_CHECKS = [name, unique_ids, portable_ids, stable_ids, fingerprint]
FILE_CHECKS = [inside, there, decodes, unopened, wrong_folder]
