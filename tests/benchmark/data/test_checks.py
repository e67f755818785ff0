import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from artbench.data.checks import check_targets, is_partial
from artbench.data.dataset import Dataset
from artbench.data.targets import Split, Targets
from artbench.errors import ArtbenchError
from tests.support.reporters import RecordingReporter

NAMES = [f"picture-{number:04}" for number in range(1000)]
DATASET = Dataset(name="toy", root=Path("somewhere"), ids=NAMES, files=NAMES)


def split(rows: Sequence[int], *, classes: int = 3) -> Split:
    chosen = np.array(rows, np.int64)
    return Split(rows=chosen, labels=chosen % classes)


def several(rows: Sequence[int]) -> Split:
    chosen = np.array(rows, np.int64)
    return Split(rows=chosen, labels=np.stack([chosen % 2 == 0, chosen >= 0, chosen % 5 == 0], axis=1))


GOOD = Targets(
    classes=("red", "green", "blue"),
    train=split(range(600)),
    validation=split(range(600, 700)),
    test=split(range(700, 1000)),
)


def check(targets: Targets, *, allow_partial: bool = False) -> list[str]:
    reporter = RecordingReporter()
    check_targets(targets, DATASET, task="toy-colour", allow_partial=allow_partial, reporter=reporter)
    return reporter.notices


@pytest.mark.parametrize(
    "targets",
    [
        GOOD,
        replace(GOOD, validation=None),
        replace(GOOD, train=several(range(600)), validation=None, test=several(range(600, 1000))),
        replace(GOOD, test=split([700, 701, 700])),
    ],
    ids=["single-label", "without validation", "multi-label", "an image twice in one split"],
)
def test_good_targets_pass_in_silence(targets: Targets) -> None:
    assert check(targets) == []


def test_a_few_missing_images_are_reported() -> None:
    targets = replace(GOOD, missing=[f"gone-{number}" for number in range(10)])
    (notice,) = check(targets)
    assert "toy-colour: 10 of 1,010 images" in notice
    assert "in somewhere: gone-0, gone-1, gone-2, gone-3, gone-4, …" in notice
    assert not is_partial(targets)


def test_more_than_one_in_a_hundred_is_refused_unless_allowed() -> None:
    targets = replace(GOOD, missing=[f"gone-{number}" for number in range(11)])
    assert is_partial(targets)
    with pytest.raises(ArtbenchError, match=r"11 of 1,011 images .*gone-4, … *\..*--allow-partial"):
        check(targets)
    (notice,) = check(targets, allow_partial=True)
    assert "11 of 1,011" in notice
    assert "partial" in notice


def test_exactly_one_in_a_hundred_is_not_too_much() -> None:
    small = replace(GOOD, train=split(range(90)), validation=None, test=split(range(90, 99)), missing=["gone"])
    assert not is_partial(small)
    assert is_partial(replace(small, train=split(range(89))))


def test_names_of_files_are_shown_without_what_a_terminal_would_obey() -> None:
    (notice,) = check(replace(GOOD, missing=["a\x1b[2Jb", "joaqu\xe3\xadn", "\udce3"]))
    assert notice.isprintable()
    assert r"'a\x1b[2Jb', 'joaqu\xe3\xadn', '\udce3'" in notice


@pytest.mark.parametrize("name", ["train", "test", "validation"])
def test_nothing_to_train_or_test_on_is_refused(name: str) -> None:
    with pytest.raises(ArtbenchError, match=rf"toy-colour: no image to .* on \({name} is empty\).*somewhere"):
        check(replace(GOOD, **{name: split([])}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "second", "change"),
    [
        ("train", "test", {"test": split([1, 3, 5, 7, 9, 11, 800])}),
        ("validation", "test", {"validation": split([701, 703, 705, 707, 709, 711, 650])}),
        ("train", "validation", {"validation": split([1, 3, 5, 7, 9, 11, 650])}),
    ],
)
def test_an_image_in_two_splits_is_refused(first: str, second: str, change: dict[str, Split]) -> None:
    with pytest.raises(ArtbenchError) as caught:
        check(replace(GOOD, **change))  # type: ignore[arg-type]
    message = caught.value.message
    assert f"in {first} and in {second}, 6 of them: picture-" in message
    assert message.count("picture-") == 5
    assert message.endswith(", …")


def _labels(labels: object) -> Callable[[Targets], Targets]:
    return lambda targets: replace(targets, test=Split(rows=targets.test.rows, labels=np.asarray(labels)))


def _rows(rows: object) -> Callable[[Targets], Targets]:
    return lambda targets: replace(targets, test=Split(rows=np.asarray(rows), labels=np.zeros(3, np.int64)))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_labels(np.full(300, 3)), "toy-colour, test: 300 labels are not from 0 to 2, the first is 3"),
        (_labels(np.full(300, -1)), "300 labels are not from 0 to 2, the first is -1"),
        (_labels(np.zeros(299, np.int64)), "labels are int64 of shape (299,)"),
        (_labels(np.zeros(300, np.float32)), "labels are float32"),
        (_labels(np.zeros((300, 2), np.bool_)), "labels are bool of shape (300, 2)"),
        (_labels(np.zeros((300, 3), np.int64)), "labels are int64 of shape (300, 3)"),
        (_labels(np.zeros((300, 3), np.bool_)), "some splits have other kinds of labels than others"),
        (_rows([1000, 800, 801]), "1 rows are not of the 1,000 of the dataset, the first is 1000"),
        (_rows([-1, 800, 801]), "the first is -1"),
        (_rows([800.0, 801.0, 802.0]), "rows are float64"),
        (_rows([[800, 801, 802]]), "rows are int64 of shape (1, 3)"),
    ],
)
def test_rows_and_labels_that_make_no_sense_are_laid_to_the_plugin(
    spoil: Callable[[Targets], Targets], reason: str
) -> None:
    with pytest.raises(ArtbenchError, match=re.escape(reason)) as caught:
        check(spoil(GOOD))
    assert "plugin" in caught.value.mend


def test_classes_that_nothing_trains_are_reported() -> None:
    classes = ("red", "green", "blue", "gold", "grey")
    single = replace(GOOD, classes=classes)
    (notice,) = check(single)
    assert notice == "toy-colour: 2 of 5 classes have no image to train on: gold, grey"
    labels = np.zeros((600, 3), np.bool_)
    labels[:, 0] = True
    multi = replace(
        GOOD, train=Split(rows=GOOD.train.rows, labels=labels), validation=None, test=several(range(700, 1000))
    )
    (notice,) = check(multi)
    assert "2 of 3 classes have no image to train on: green, blue" in notice


def years(rows: Sequence[int]) -> Split:
    return Split(rows=np.array(rows, np.int64), labels=1600.0 + np.array(rows, np.float64))


YEARS = Targets(classes=(), train=years(range(600)), validation=years(range(600, 700)), test=years(range(700, 1000)))


def test_years_are_labels_too_but_not_beside_others() -> None:
    assert check(YEARS) == []
    unknown = Split(rows=np.arange(3), labels=np.array([1600, np.nan, 1700]))
    with pytest.raises(ArtbenchError, match="test: some numbers are NaN"):
        check(replace(YEARS, test=unknown))
    with pytest.raises(ArtbenchError, match="other kinds of labels"):
        check(replace(YEARS, train=split(range(600)), classes=GOOD.classes))


def test_repeats_are_checked_like_the_first_split() -> None:
    other = replace(GOOD, train=split(range(400, 1000)), validation=None, test=split(range(400)))
    assert check(replace(GOOD, repeats=(other,))) == []
    with pytest.raises(ArtbenchError, match="in train and in test"):
        check(replace(GOOD, repeats=(replace(other, train=split(range(399, 1000))),)))
    with pytest.raises(ArtbenchError, match="other classes"):
        check(replace(GOOD, repeats=(replace(other, classes=("a", "b", "c")),)))


def test_groups_are_of_all_rows() -> None:
    assert check(replace(GOOD, groups=["someone"] * 1000)) == []
    with pytest.raises(ArtbenchError, match="999 groups"):
        check(replace(GOOD, groups=["someone"] * 999))
