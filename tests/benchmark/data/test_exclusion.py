"""Leaving images out of training or out of the test, on the user's word."""

from pathlib import Path

import numpy as np
import pytest

from artbench.data.dataset import Dataset
from artbench.data.exclusion import read_exclusions, write_exclusions
from artbench.data.targets import Split, Targets
from artbench.errors import ArtbenchError

DATASET = Dataset(name="one", root=Path(), ids=list("abcdef"), files=list("abcdef"), versions=["1"] * 6)


def split(*rows: int) -> Split:
    return Split(rows=np.array(rows, np.int64), labels=np.array(rows, np.int64))


TARGETS = Targets(classes=tuple("abcdef"), train=split(0, 1), validation=split(2, 3), test=split(4, 5))


def test_what_is_left_out_of_train_still_tests(tmp_path: Path) -> None:
    write_exclusions(tmp_path / "list.csv", [("one", "b", "train"), ("one", "d", "train"), ("one", "e", "train")])
    targets, taken = read_exclusions(tmp_path / "list.csv").apply(TARGETS, DATASET)
    assert [split.rows.tolist() for _, split in targets.splits] == [[0], [2], [4, 5]]
    assert targets.train.labels.tolist() == [0]
    assert taken == {"train": 2, "test": 0}
    assert targets.fingerprint(DATASET) != TARGETS.fingerprint(DATASET)


def test_the_test_loses_only_what_the_list_says_of_the_test(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("why,split,image,dataset\nseen,test,f,one\nseen,test,a,one\n")
    targets, taken = read_exclusions(tmp_path / "list.csv").apply(TARGETS, DATASET)
    assert targets.test.rows.tolist() == [4]
    assert taken == {"train": 0, "test": 1}


def test_a_list_for_another_dataset_changes_nothing(tmp_path: Path) -> None:
    write_exclusions(tmp_path / "list.csv", [("two", "a", "train")])
    exclusions = read_exclusions(tmp_path / "list.csv")
    assert exclusions.apply(TARGETS, DATASET)[0] is TARGETS
    assert exclusions.unknown(DATASET) == []


def test_images_that_the_dataset_lacks_are_reported(tmp_path: Path) -> None:
    write_exclusions(tmp_path / "list.csv", [("one", "a", "train"), ("one", "zz", "train"), ("one", "y, or", "test")])
    assert read_exclusions(tmp_path / "list.csv").unknown(DATASET) == ["y, or", "zz"]


def test_the_hash_is_that_of_the_entries_in_any_order(tmp_path: Path) -> None:
    write_exclusions(tmp_path / "list.csv", [("one", "a", "train"), ("one", "b", "test")])
    (tmp_path / "other.csv").write_text("\ufeffdataset,image,split,note\none,b,test,x\none,a,train,\none,a,train,\n")
    assert read_exclusions(tmp_path / "list.csv").sha256 == read_exclusions(tmp_path / "other.csv").sha256


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"image,split\na,train\n", "no column dataset"),
        (b"dataset,image,split\none,a,val\n", "line 2.*'val'"),
        (b"dataset,image,split\none,a\n", "line 2"),
        (b"dataset,image,split\none,,train\n", "line 2"),
        (b"\xff\xfe\x00", "can't be read"),
    ],
)
def test_a_list_of_another_form_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "list.csv").write_bytes(content)
    with pytest.raises(ArtbenchError, match=message):
        read_exclusions(tmp_path / "list.csv")


def test_a_list_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match=r"none\.csv can't be read"):
        read_exclusions(tmp_path / "none.csv")
