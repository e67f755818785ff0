"""Compares a record with the data on this machine: test split, labels, classes, groups, and what was left out."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from artbench.data.decode import UnreadableImage, decode
from artbench.data.groups import cluster_numbers, held_groups
from artbench.data.opening import OpenTask
from artbench.data.targets import Split
from artbench.leaderboard.validation.findings import RERUN, FileFindings, some
from artbench.leaderboard.validation.searched import check_searched
from artbench.plugins.known import is_searched
from artbench.records.predictions import StoredPredictions
from artbench.records.publishing import image_digests
from artbench.records.record import Record
from artbench.runtime.progress import Silent
from artbench.runtime.untrusted import memory_limit

# Side in pixels at which images that were left out are decoded: every byte is read, and no time is lost on pixels.
_SIDE = 64
# Most images that are named in a finding.
_NAMED = 3


class Decoded:
    """Which images of a task can be read here; each is decoded once, when it is first asked for."""

    def __init__(self, task: OpenTask) -> None:
        self._task = task
        self._found: dict[int, bool] = {}

    def is_readable(self, row: int) -> bool:
        """Decode an image, unless that was done before."""
        if row not in self._found:
            # The limit is for what others wrote.
            with memory_limit(None):
                self._found[row] = _is_readable(self._task, row)
        return self._found[row]


def compare_with_data(
    task: OpenTask,
    decoded: Decoded,
    record: Record,
    stored: StoredPredictions,
    classes: tuple[str, ...],
    about: FileFindings,
) -> None:
    """Report every difference between a record and the data."""
    data = record.dataset
    if data.fingerprint != task.state(data.listing, Silent()):
        _report_state(task, record, about)
        return
    missing = len(task.targets.missing)
    if (data.missing, data.partial) != (missing, task.partial):
        about.fault(f"{missing:,} images are missing in this state of the data; the record says {data.missing:,}")
    prompts = task.spec.prompts
    if record.prompts is not None and prompts is None:
        about.fault(f"the prompts are not those of {task.spec.name} here", RERUN)
    if data.classes != len(task.targets.classes) or (classes and classes != task.targets.classes):
        about.fault("the classes are not those of the task")
    tested = _tested(task, record, stored, about)
    if tested is None:
        return
    wholes = [task.targets.rounds[number * len(task.targets.rounds) // len(tested)] for number in range(len(tested))]
    lacking = (np.setdiff1d(whole.test.rows, split.rows) for whole, split in zip(wholes, tested, strict=True))
    left_out = sorted({row for rows in lacking for row in rows.tolist()})
    _check_left_out(task, decoded, record, left_out, about)
    _check_clusters(task, stored, tested, about)
    check_searched(task.targets, stored, tested, data.unreadable, about)
    if record.few_shot is None:
        _check_fitted(task, decoded, record, len(left_out), about)
        if not data.unreadable:
            _compare_groups(task, record, about)
    elif data.unreadable:
        about.unchecked("which training images could not be read, and were not drawn as one of few shots")


def _tested(task: OpenTask, record: Record, stored: StoredPredictions, about: FileFindings) -> list[Split] | None:
    """Return the images of each round in the dataset; None if they are not those of the test, or other labels."""
    count, splits = max(1, len(record.rounds)), [targets.test for targets in task.targets.rounds]
    # Few-shot records have several draws per split, probes of plugins several seeds; the protocol says how many.
    if count % len(splits) or (record.few_shot is None and not record.own_probes and count != len(splits)):
        about.fault(f"the record has {count} rounds, the task has {len(splits)}")
        return None
    tested: list[Split] = []
    for number in range(count):
        split, rows = splits[number * len(splits) // count], stored.rounds == number
        ids = image_digests(task.dataset.ids[row] for row in split.rows.tolist())
        places = _places(ids, image_digests(stored.images[rows]), about)
        if places is None or not _same_labels(split.labels[places], stored.labels[rows], about):
            return None
        tested.append(Split(rows=split.rows[places], labels=split.labels[places]))
    return tested


def _check_clusters(task: OpenTask, stored: StoredPredictions, tested: Sequence[Split], about: FileFindings) -> None:
    """Report rows that are resampled with others than those of their group."""
    if not task.spec.clustered or stored.clusters is None:
        return
    expected = np.concatenate([np.array(part, np.int64) for part in cluster_numbers(task.targets, tested)])
    wrong = int((expected != stored.clusters).sum())
    if wrong:
        about.fault(f"the clusters are not the task's groups: {wrong:,} of {len(expected):,} rows are in another")


def _check_left_out(task: OpenTask, decoded: Decoded, record: Record, rows: Sequence[int], about: FileFindings) -> None:
    """Report test images that the record left out as unreadable and that can be read."""
    if len(rows) > record.dataset.unreadable:
        about.fault(
            f"{len(rows):,} images of the test split are left out; the record says that "
            f"{record.dataset.unreadable:,} could not be read"
        )
    readable = []
    for row in rows:
        if decoded.is_readable(row):
            readable.append(task.dataset.ids[row])
        # One is enough to keep a record out; nobody's claims decide how much is decoded.
        if len(readable) >= _NAMED:
            break
    if readable:
        about.fault(f"test images are left out that can be read here: {some(readable)}", RERUN)


def _is_readable(task: OpenTask, row: int) -> bool:
    try:
        decode(task.dataset.read(row), short_side=_SIDE, crop=_SIDE)
    except (OSError, UnreadableImage):
        return False
    return True


def _check_fitted(task: OpenTask, decoded: Decoded, record: Record, left_out: int, about: FileFindings) -> None:
    """Report numbers of training images that do not add up: every image is fitted on, tested on or unreadable."""
    data = record.dataset
    searched, per = is_searched(task.spec.target), _per_split(task, record)
    for number, round_ in enumerate(task.targets.rounds):
        # Validation queries are in no index.
        fitted = [split.rows for name, split in round_.splits if name == "train" or (name != "test" and not searched)]
        rows = np.concatenate(fitted).tolist()
        # Every seed of a probe is fitted on the same images.
        stated = [one.train for one in record.rounds[number * per : (number + 1) * per]] or [data.train]
        train = next((one for one in stated if one != stated[0]), stated[0])
        if train > len(rows) or (not data.unreadable and train != len(rows)):
            about.fault(f"the task has {len(rows):,} training images; the record says {train:,}")
        # A picture of an index may be a query too.
        elif not searched and not record.rounds and len(rows) - train != data.unreadable - left_out:
            about.fault(
                f"of {data.unreadable:,} unreadable images {left_out:,} are test images, so that {len(rows):,} "
                f"training images can't have become {train:,}"
            )
        elif data.unreadable and train != (readable := sum(map(decoded.is_readable, rows))):
            about.fault(f"{readable:,} of {len(rows):,} training images can be read here; the record says {train:,}")


def _per_split(task: OpenTask, record: Record) -> int:
    """Return how many rounds a record has for each split of its task, by their seeds."""
    return max(1, len(record.rounds) // len(task.targets.rounds))


def _compare_groups(task: OpenTask, record: Record, about: FileFindings) -> None:
    """Compare the number of groups on which each penalty was chosen, where the record has it."""
    groups = [probe.groups for probe in record.probes] or [probe.groups for probe in record.own_probes]
    apart = groups[:: _per_split(task, record)]
    for number, (stated, round_) in enumerate(zip(apart, task.targets.rounds, strict=False)):
        held = held_groups(task.targets, round_, task.dataset)
        if stated not in (None, held):
            about.fault(f"round {number}: the task has {held:,} groups to hold out; the record says {stated:,}")


def _report_state(task: OpenTask, record: Record, about: FileFindings) -> None:
    data = record.dataset
    if data.partial or data.exclusion is not None or task.partial:
        why = "an exclusion list" if data.exclusion is not None else "a partial copy, here or there"
        about.notice(f"the record was measured on another state of the data ({why}): its test split was not compared")
        about.unchecked("test images, labels and groups: the data here is in another state")
    else:
        here = task.state(data.listing, Silent())
        about.fault(
            f"the record was measured on the data state {data.fingerprint[:12]}; here it is {here[:12]}",
            "`artbench data check` says whether the copy here is whole",
        )


def _places(ids: Sequence[str], given: Sequence[str], about: FileFindings) -> NDArray[np.int64] | None:
    """Return the position in the test split of each image, in order; None if they are not images of it in order."""
    at, places = 0, []
    for name in given:
        try:
            at = ids.index(name, at) + 1
        except ValueError:
            problem = f"{name} is not in it, or not in this position"
            about.fault(f"the predictions are not for the test split of the task: {problem}")
            return None
        places.append(at - 1)
    return np.array(places, np.int64)


def _same_labels(labels: NDArray[np.generic], targets: NDArray[np.generic], about: FileFindings) -> bool:
    if targets.shape[1:] == labels.shape[1:] and np.array_equal(labels, targets):
        return True
    about.fault("the predictions are not for the test split of the task: the targets differ from its labels")
    return False
