"""The ids of a dataset's pictures: by them results, features and splits know a picture, on every machine."""

from collections import Counter
from collections.abc import Iterator

from artbench.data.dataset import Dataset
from artbench.testing.checks import Check, Fault, some
from artbench.testing.read_dataset import Read


def name(read: Read) -> Iterator[Fault]:
    """The dataset is called as it is registered."""
    if read.dataset.name not in (read.spec.name, read.spec.name.rpartition(":")[2]) and read.spec.folder is None:
        yield Fault(
            f"it is registered as {read.spec.name!r} and calls itself {read.dataset.name!r}",
            f"Return Dataset(name={read.spec.name!r}, …)",
        )


def unique_ids(read: Read) -> Iterator[Fault]:
    """No two pictures have one id."""
    twice = [id_ for id_, count in Counter(read.dataset.ids).items() if count > 1]
    if twice:
        mend = "Take what tells them apart, such as the path below the folder, and not the name of the file alone"
        yield Fault(f"{len(twice):,} ids are given to several pictures: {some(twice)}", mend)


def portable_ids(read: Read) -> Iterator[Fault]:
    """Ids are alike on every machine: printable, and nothing in them says where the folder lies."""
    odd = [id_ for id_ in read.dataset.ids if not id_ or not id_.isprintable()]
    if odd:
        yield Fault(f"{len(odd):,} ids are empty or can't be printed: {some([ascii(id_) for id_ in odd])}", "Mend them")
    places = {str(read.root), str(read.root.resolve())}
    local = [id_ for id_ in read.dataset.ids if any(id_.startswith(place) for place in places)]
    if local:
        mend = "Take the path below the folder: path.relative_to(root).as_posix()"
        yield Fault(f"{len(local):,} ids hold the place of the folder: {some(local)}", mend)


def stable_ids(read: Read) -> Iterator[Fault]:
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


def fingerprint(read: Read) -> Iterator[Fault]:
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


ID_CHECKS: tuple[Check[Read], ...] = (name, unique_ids, portable_ids, stable_ids, fingerprint)
