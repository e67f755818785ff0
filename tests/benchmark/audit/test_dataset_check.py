"""Sizes of classes and splits, beside what was published, and what makes a dataset unsound."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from artbench.audit.dataset_check import DatasetCheck, check_images
from artbench.audit.image_index import ImageIndex
from artbench.data.targets import Labels, Split, Targets
from artbench.specs import DatasetSpec, Published, TaskSpec
from tests.benchmark.audit.painted import index_of

SPEC = DatasetSpec(name="painted", description="", factory="nowhere:read", source="", layout="", pictures=12)
INDEX = index_of([bytes([row]) * 32 for row in range(10)])
SIX_AND_FOUR = np.array([0, 0, 0, 1, 1, 0], np.int64), np.array([0, 0, 1, 1], np.int64)


def task(target: Literal["single-label", "multi-label", "year"], published: Published | None = None) -> TaskSpec:
    return TaskSpec(
        name="task",
        description="",
        dataset="painted",
        target=target,
        primary_metric="accuracy",
        factory="nowhere:task",
        published=published,
    )


def targets(train: Labels, test: Labels, classes: tuple[str, ...] = (), missing: tuple[str, ...] = ()) -> Targets:
    rows = np.arange(len(train) + len(test))
    return Targets(
        classes=classes,
        train=Split(rows=rows[: len(train)], labels=train),
        test=Split(rows=rows[len(train) :], labels=test),
        missing=missing,
    )


def check(spec: TaskSpec, read: Targets | None, index: ImageIndex = INDEX) -> DatasetCheck:
    if read is None:
        return check_images(SPEC, index, {"task": spec}, {}, {"task": "its list is gone"})
    return check_images(SPEC, index, {"task": spec}, {"task": read}, {})


def test_classes_are_counted_over_all_splits_and_untrained_ones_named() -> None:
    found = check(task("single-label"), targets(*SIX_AND_FOUR, classes=("a", "b", "c")))
    (state,) = found.tasks
    assert (state.classes, state.largest_class, state.smallest_class, state.untrained_classes) == (3, 6, 4, 1)
    assert state.imbalance == pytest.approx(1.5)
    assert state.rows == {"train": 6, "test": 4}
    assert (found.pictures, found.published, found.repeated, found.sound) == (10, 12, 0, True)


def test_an_image_counts_for_each_of_its_labels() -> None:
    train = np.array([[1, 1], [1, 0], [1, 0]], bool)
    (state,) = check(task("multi-label"), targets(train, train[:1], classes=("a", "b"))).tasks
    assert (state.largest_class, state.smallest_class, state.untrained_classes) == (4, 2, 0)


def test_years_have_no_classes() -> None:
    years = np.array([1600.0, 1700.0])
    (state,) = check(task("year"), targets(years, years)).tasks
    assert (state.classes, state.largest_class, state.smallest_class, state.imbalance, state.untrained_classes) == (
        0,
        None,
        None,
        None,
        0,
    )


@pytest.mark.parametrize(
    ("published", "as_published"),
    [
        (None, None),
        (Published(classes=2, train=6), True),
        (Published(classes=2, train=7), False),
        # The publication has a split that is not here.
        (Published(validation=3), False),
    ],
)
def test_sizes_are_held_against_what_was_published(published: Published | None, as_published: bool | None) -> None:
    (state,) = check(task("single-label", published), targets(*SIX_AND_FOUR, classes=("a", "b"))).tasks
    assert state.as_published is as_published


def test_a_task_that_cannot_be_read_makes_the_dataset_unsound() -> None:
    found = check(task("single-label", Published(train=6)), None)
    (state,) = found.tasks
    assert (state.problem, state.rows, state.published, state.as_published) == (
        "its list is gone",
        {},
        {"train": 6},
        False,
    )
    assert not found.sound


@pytest.mark.parametrize(("missing", "partial"), [((), False), (("10.png",), True)])
def test_missing_images_make_the_dataset_unsound(missing: tuple[str, ...], partial: bool) -> None:
    found = check(task("single-label"), targets(*SIX_AND_FOUR, classes=("a", "b"), missing=missing))
    (state,) = found.tasks
    assert (state.missing, state.partial, found.sound) == (len(missing), partial, not missing)


def test_undecodable_and_repeated_files_are_counted() -> None:
    index = replace(INDEX, digests=[b"", b"", *[b"1" * 32] * 3, *[b"2" * 32] * 2], problems={1: "empty", 0: "broken"})
    found = check(task("single-label"), targets(*SIX_AND_FOUR, classes=("a", "b")), index)
    assert list(found.undecodable.items()) == [("0.png", "broken"), ("1.png", "empty")]
    assert found.repeated == 5
    assert not found.sound


def test_a_dataset_whose_files_are_gone_has_no_fingerprint(tmp_path: Path) -> None:
    gone = replace(INDEX, dataset=replace(INDEX.dataset, root=tmp_path, versions=None))
    read = targets(*SIX_AND_FOUR, classes=("a", "b"))
    assert check(task("single-label"), read, gone).fingerprint is None
    assert check(task("single-label"), read).fingerprint == INDEX.dataset.fingerprint


def test_classes_that_differ_in_case_or_accents_alone_are_put_together_the_largest_first() -> None:
    classes = ("Öl", "fresco", "ol", "Fresco")
    read = targets(np.array([0, 2, 1, 3, 3, 0], np.int64), np.array([0, 1, 2, 3], np.int64), classes)
    (checked,) = check(task("single-label"), read).tasks
    assert [list(names) for names in checked.near_equal_classes] == [["Öl", "ol"], ["Fresco", "fresco"]]
    assert checked.class_sizes == {"Öl": 3, "fresco": 2, "ol": 2, "Fresco": 3}
