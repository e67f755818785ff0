from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from artbench.errors import ArtbenchError
from artbench_kaokore import ROWS, SIZES
from artbench_kaokore.books import book_of, unseen_gender_targets, unseen_status_targets
from artbench_kaokore.dataset import gender_targets, open_1_0, open_1_3, status_targets
from tests.support.run_tasks import paint, run_tasks, tasks_of

HEAD = "image,gender,status,set\n"
PAGE = "1842,876,107,107/256,256/0/default.jpg"
# As each library addresses the pages of a book, some of them of a volume; pages and faces go on from book to book.
ADDRESSES = (
    "https://rmda.kulib.kyoto-u.ac.jp/iiif/RB0001{book}/RB0001{book}_{page:05}_0.ptif/" + PAGE,
    "https://rmda.kulib.kyoto-u.ac.jp/iiif/RB0002{book}/0{volume}/RB0002{book}_{page:05}_0.ptif/" + PAGE,
    "http://codh.rois.ac.jp/pmjt/iiif/20000309{book}/20000309{book}_{page:05}.tif/" + PAGE,
    "https://iiif.lib.keio.ac.jp/iipsrv/NRE/132X-5{book}-2-{volume}/tif/{volume}_{page:03}.tif/" + PAGE,
)
# Faces of one book.
EACH = 10


def release(root: Path, count: int = 48) -> Path:
    """A list as published, and a face for each of its rows; gender and status are in the colours."""
    root.mkdir(parents=True, exist_ok=True)
    parts = ("train", "train", "train", "train", "dev", "test")
    rows = [f"{number:08}.jpg,{number % 2},{number % 4},{parts[number // 4 % 6]}\n" for number in range(count)]
    (root / "labels.csv").write_text(HEAD + "".join(rows))
    addresses = [
        ADDRESSES[book % 4].format(book=book, volume=1 + number % 2, page=number)
        for number, book in enumerate(at // EACH for at in range(count))
    ]
    (root / "urls.txt").write_text("".join(f"{address}\n" for address in addresses))
    for number in range(count):
        paint(root / "images_256" / f"{number:08}.jpg", number)
    return root


def test_labels_and_splits_are_those_of_the_list(tmp_path: Path) -> None:
    dataset = open_1_3(release(tmp_path))
    genders, statuses = gender_targets(dataset), status_targets(dataset)
    assert genders.classes == ("male", "female")
    assert statuses.classes == ("noble", "warrior", "incarnation", "commoner")
    assert [(name, len(split)) for name, split in genders.splits] == [("train", 32), ("validation", 8), ("test", 8)]
    for targets, modulus in ((genders, 2), (statuses, 4)):
        for _, split in targets.splits:
            numbers = [int(dataset.ids[row].partition(".")[0]) for row in split.rows]
            assert split.labels.tolist() == [number % modulus for number in numbers]


def test_a_partial_copy_names_what_is_missing_with_its_split(tmp_path: Path) -> None:
    root = release(tmp_path)
    for name in ("00000003.jpg", "00000020.jpg"):
        (root / "images_256" / name).unlink()
    targets = gender_targets(open_1_3(root))
    assert list(zip(targets.missing, targets.missing_splits, strict=True)) == [
        ("00000003.jpg", "train"),
        ("00000020.jpg", "test"),
    ]


@pytest.mark.parametrize(
    ("address", "book"),
    [
        (ADDRESSES[0].format(book=7, page=3), "RB00017"),
        (ADDRESSES[1].format(book=7, volume=2, page=3), "RB00027"),
        (ADDRESSES[2].format(book=7, page=3), "200003097"),
        (ADDRESSES[3].format(book=7, volume=2, page=3), "132X-57-2"),
        ("https://other.jp/scrolls/Genji/3.tif/full/256,256/0/default.jpg", "scrolls/Genji"),
        ("", ""),
        ("https://other.jp/3.jpg", ""),
    ],
)
def test_the_book_of_a_face_is_in_its_address(address: str, book: str) -> None:
    assert book_of(address) == book


def test_unseen_books_are_never_in_train_and_each_face_of_the_test_is_tested_once(tmp_path: Path) -> None:
    dataset = open_1_3(release(tmp_path, count=240))
    official = gender_targets(dataset)
    for targets in (unseen_gender_targets(dataset), unseen_status_targets(dataset)):
        assert len(targets.rounds) == 5
        assert targets.groups is not None
        assert len(set(targets.groups)) == 24
        for one in targets.rounds:
            fitted = [*one.train.rows, *(one.validation.rows if one.validation else [])]
            assert not {targets.groups[row] for row in fitted} & {targets.groups[row] for row in one.test.rows}
        tested = np.concatenate([one.test.rows for one in targets.rounds])
        assert sorted(tested.tolist()) == official.test.rows.tolist()
    # In the official split books are on both sides.
    books = [{int(dataset.ids[row][:8]) // EACH for row in split.rows} for split in (official.train, official.test)]
    assert books[0] & books[1]


def test_a_face_without_address_is_in_no_round_and_a_missing_list_is_told(tmp_path: Path) -> None:
    dataset = open_1_3(release(tmp_path, count=120))
    file = tmp_path / "urls.txt"
    lines = file.read_text().split("\n")
    file.write_text("\n".join(["", *lines[1:]]))
    gone = dataset.rows["00000000.jpg"]
    assert gone in gender_targets(dataset).train.rows
    assert gone not in unseen_gender_targets(dataset).rows
    file.write_text("nothing\n" * 120)
    with pytest.raises(ArtbenchError, match=r"kaokore-1\.3: urls\.txt has the address of no listed face"):
        unseen_gender_targets(dataset)
    root = tmp_path / "elsewhere"
    root.mkdir()
    (root / "urls.txt").symlink_to(file)
    with pytest.raises(ArtbenchError, match=r"kaokore-1\.3: .*urls\.txt is a link that leads out of"):
        unseen_gender_targets(replace(dataset, root=root))
    file.unlink()
    with pytest.raises(ArtbenchError, match=r"kaokore-1\.3: no urls\.txt in .*beside labels\.csv.*rois-codh"):
        unseen_gender_targets(dataset)


def test_the_list_of_another_release_is_refused(tmp_path: Path) -> None:
    root = release(tmp_path)

    def write(count: int) -> None:
        rows = "".join(f"{number:08}.jpg,0,0,train\n" for number in range(count))
        (root / "labels.csv").write_text(HEAD + rows)

    assert {name: ROWS[name] for name in SIZES} == {name: sum(sizes) for name, sizes in SIZES.items()}
    write(5_298)
    assert len(open_1_0(root)) == 48
    with pytest.raises(ArtbenchError, match=r"1\.3: .*labels\.csv has the 5,298 rows of release 1\.0.*kaokore-1\.0"):
        open_1_3(root)
    # Releases that no task is on.
    for other, count in (("1.1", 8_215), ("1.2", 8_446)):
        write(count)
        for opened in (open_1_0, open_1_3):
            with pytest.raises(
                ArtbenchError, match=rf"labels\.csv has the {count:,} rows of release {other}\. Use the"
            ):
                opened(root)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (HEAD + "00000000.jpg,2,0,train\n", r"labels\.csv, line 2: gender is '2', not 0 or 1"),
        (HEAD + "00000000.jpg,0,0,val\n", r"line 2: set is 'val', not train or dev or test"),
        (HEAD + "../0.jpg,0,0,train\n", r"'\.\./0\.jpg' \(number 1\): leads out of the folder.*github\.com/rois-codh"),
        (HEAD + "00000000.jpg,0,0,train\n00000000.jpg,1,0,train\n", r"00000000\.jpg is listed 2 times"),
        (HEAD + "x.jpg,0,0,train\n", r"none of the 1 images that are listed is in .*github\.com/rois-codh"),
        ("image,sex\n00000000.jpg,1\n", r"no column"),
    ],
)
def test_a_broken_list_is_refused_with_file_and_line(text: str, reason: str, tmp_path: Path) -> None:
    (release(tmp_path) / "labels.csv").write_text(text)
    with pytest.raises(ArtbenchError, match=rf"kaokore-1\.3: .*{reason}"):
        gender_targets(open_1_3(tmp_path))


@pytest.mark.integration
@pytest.mark.parametrize("name", [f"kaokore-{number}" for number in SIZES])
def test_every_task_goes_through_a_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, tasks = release(tmp_path / "faces", count=240), tasks_of(name)
    records = run_tasks(*tasks, data=f"{name}={root}", folder=tmp_path, monkeypatch=monkeypatch)
    assert sorted(records) == sorted(tasks)
    assert np.isfinite([record["metrics"]["accuracy"]["value"] for record in records.values()]).all()
    unseen = [records[f"{name}-{asked}-unseen-books"] for asked in ("gender", "status")]
    assert [(len(record["rounds"]), record["clusters"]) for record in unseen] == [(5, 12)] * 2
