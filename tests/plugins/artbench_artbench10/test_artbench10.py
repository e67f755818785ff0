import io
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from artbench.errors import ArtbenchError
from artbench_artbench10 import STYLES
from artbench_artbench10.batches import read_batch
from artbench_artbench10.dataset import open_artbench10, style_targets
from tests.support.run_tasks import paint, pixels, run_tasks

# The order of the labels in the file `meta` is the publisher's own.
META = [*STYLES[1:], STYLES[0]]


def write_folders(root: Path, *, train: int = 6, test: int = 2) -> Path:
    for number, style in enumerate(STYLES):
        for split, count in (("train", train), ("test", test)):
            for k in range(count):
                paint(root / "artbench-10-imagefolder-split" / split / style / f"painter-é_work {k}.jpg", number)
    return root


def write_batches(root: Path, *, protocol: int = 4, each: int = 10) -> Path:
    folder = root / "artbench-10-batches-py"
    folder.mkdir(parents=True)
    for number, name in enumerate([*(f"data_batch_{k}" for k in range(1, 6)), "test_batch"]):
        batch = {
            "batch_label": name,
            "labels": [k % 10 for k in range(each)],
            "data": np.stack([planes(100 * number + k) for k in range(each)]),
            "filenames": [f"{k}.jpg" for k in range(each)],
        }
        (folder / name).write_bytes(pickle.dumps(batch, protocol=protocol))
    (folder / "meta").write_bytes(pickle.dumps({"styles": META}, protocol=protocol))
    return root


def planes(number: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    return pixels(number, size=32).transpose(2, 0, 1).reshape(-1)


def test_folders_give_split_and_style(tmp_path: Path) -> None:
    dataset = open_artbench10(write_folders(tmp_path))
    targets = style_targets(dataset)
    assert targets.classes == STYLES
    assert (len(targets.train), len(targets.test)) == (60, 20)
    row = dataset.rows["test/ukiyo_e/painter-é_work 1.jpg"]
    assert targets.test.labels[targets.test.rows == row].tolist() == [9]
    assert dataset.path(row).is_file()


def test_the_folder_itself_will_do_and_what_is_cut_off_has_another_fingerprint(tmp_path: Path) -> None:
    usual = open_artbench10(write_folders(tmp_path))
    inner = open_artbench10(tmp_path / "artbench-10-imagefolder-split")
    assert inner.fingerprint == usual.fingerprint
    inner.path(0).unlink()
    partial = open_artbench10(tmp_path)
    assert style_targets(partial).fingerprint(partial) != style_targets(usual).fingerprint(usual)


def test_a_folder_that_is_no_style_is_refused(tmp_path: Path) -> None:
    paint(write_folders(tmp_path) / "artbench-10-imagefolder-split" / "train" / "Cubism" / "a.jpg", 0)
    with pytest.raises(ArtbenchError, match=r"'Cubism', which is not one of the ten styles.*collection:"):
        open_artbench10(tmp_path)


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_batches_give_the_same_pixels_and_the_style_that_meta_names(protocol: int, tmp_path: Path) -> None:
    dataset = open_artbench10(write_batches(tmp_path, protocol=protocol))
    targets = style_targets(dataset)
    assert (len(targets.train), len(targets.test)) == (50, 10)
    row = dataset.rows["data_batch_3/00004"]
    with Image.open(io.BytesIO(dataset.read(row))) as image:
        assert np.array_equal(np.asarray(image), pixels(204, size=32))
    label = int(targets.train.labels[targets.train.rows == row][0])
    assert STYLES[label] == META[4]


def test_a_batch_of_python_2_is_read(tmp_path: Path) -> None:
    # As pickle protocol 2 of Python 2 has it: text is bytes, and so is the content of an array.
    # The head of the pickle says what Python 2 would: (dp0 S'data' cnumpy.core.multiarray _reconstruct …
    raw = bytes(planes(1))
    body = (
        b"\x80\x02}q\x00(U\x04dataq\x01cnumpy.core.multiarray\n_reconstruct\nq\x02cnumpy\nndarray\nq\x03K\x00\x85"
        b"U\x01b\x87Rq\x04(K\x01K\x01M\x00\x0c\x86cnumpy\ndtype\nq\x05U\x02u1K\x00K\x01\x87Rq\x06"
        b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T"
        + len(raw).to_bytes(4, "little")
        + raw
        + b"tbU\x06labelsq\x07]q\x08K\x07au."
    )
    (tmp_path / "data_batch_1").write_bytes(body)
    batch = read_batch(tmp_path / "data_batch_1", classes=10)
    assert np.array_equal(batch.pixels, planes(1)[None])
    assert batch.labels.tolist() == [7]


class _Calls:
    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.function, self.arguments


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (_Calls(os.system, "true"), r"wants to call \w+\.system, which is refused"),
        ({"data": _Calls(eval, "1"), "labels": []}, r"wants to call builtins\.eval, which is refused"),
        ({"data": np.array([{}], object), "labels": []}, "an array of the kind 'O8'"),
        ({"data": np.zeros((2, 3072)), "labels": [0, 1]}, "an array of the kind 'f8'"),
        ({"data": np.zeros((2, 3000), np.uint8), "labels": [0, 1]}, "no array of 3072 bytes"),
        ({"data": np.zeros((2, 3072), np.uint8), "labels": [0]}, "not one label per image"),
        ({"data": np.zeros((2, 3072), np.uint8), "labels": [0, 10]}, "label"),
        ({"data": np.zeros((2, 3072), np.uint8), "labels": np.array([0, -1])}, "a label is not from 0 to 9"),
        ({"data": np.zeros((2, 3072), np.uint8), "labels": ["a", "b"]}, "not one label"),
        (["data"], "it holds a list"),
    ],
)
def test_a_pickle_of_anything_else_is_refused(content: object, reason: str, tmp_path: Path) -> None:
    root = write_batches(tmp_path)
    (root / "artbench-10-batches-py" / "data_batch_2").write_bytes(pickle.dumps(content))
    with pytest.raises(ArtbenchError, match=rf"data_batch_2 is not a batch in CIFAR's format: .*{reason}"):
        open_artbench10(root)


@given(st.binary(max_size=200), st.integers(0, 250), st.binary(min_size=1, max_size=8))
@pytest.mark.filterwarnings("ignore:invalid escape sequence:DeprecationWarning")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
def test_any_bytes_are_a_batch_or_refused(tmp_path: Path, noise: bytes, place: int, change: bytes) -> None:
    whole = pickle.dumps({"data": np.zeros((1, 3072), np.uint8), "labels": [3]}, protocol=2)
    for content in (noise, whole[:place] + change + whole[place + len(change) :]):
        (tmp_path / "batch").write_bytes(content)
        try:
            batch = read_batch(tmp_path / "batch", classes=10)
        except ArtbenchError:
            continue
        assert len(batch.pixels) == len(batch.labels)


def test_a_number_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    # LONG_BINPUT of the largest number, behind an empty dictionary.
    (tmp_path / "batch").write_bytes(b"\x80\x02}r\xff\xff\xff\xff.")
    with pytest.raises(ArtbenchError, match="it stores memo entry 4294967295 after 2 opcodes"):
        read_batch(tmp_path / "batch", classes=10)


@pytest.mark.parametrize("cut", [0, 1, 100, 5_000])
def test_a_batch_cut_short_is_refused(cut: int, tmp_path: Path) -> None:
    file = write_batches(tmp_path) / "artbench-10-batches-py" / "test_batch"
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(ArtbenchError, match="test_batch is not a batch"):
        open_artbench10(tmp_path)


def test_batches_without_names_of_the_styles_are_refused(tmp_path: Path) -> None:
    meta = write_batches(tmp_path) / "artbench-10-batches-py" / "meta"
    meta.write_bytes(pickle.dumps({"styles": ["cat", "dog"]}))
    with pytest.raises(ArtbenchError, match="meta names other styles: cat, dog"):
        open_artbench10(tmp_path)
    meta.unlink()
    with pytest.raises(ArtbenchError, match="meta can't be read"):
        open_artbench10(tmp_path)


def test_an_empty_folder_says_what_belongs_there(tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match=r"neither folders of images nor batches in .*imagefolder-split.*github"):
        open_artbench10(tmp_path)


@pytest.mark.integration
def test_both_forms_go_through_a_run_and_never_share_a_leaderboard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = [write_folders(tmp_path / "folders"), write_batches(tmp_path / "batches")]
    records = [
        run_tasks("artbench10-style", data=f"artbench10={place}", folder=tmp_path, monkeypatch=monkeypatch)
        for place in places
    ]
    first, second = (record["artbench10-style"]["dataset"] for record in records)
    assert (first["train"], first["test"], second["train"], second["test"]) == (60, 20, 50, 10)
    assert first["fingerprint"] != second["fingerprint"]
