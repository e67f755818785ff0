from pathlib import Path

import numpy as np
import pytest

from artbench.errors import ArtbenchError
from artbench_kaokore import SIZES
from artbench_kaokore.dataset import gender_targets, open_1_0, open_1_3, status_targets
from tests.support.run_tasks import paint, run_tasks

HEAD = "image,gender,status,set\n"


def release(root: Path, count: int = 48) -> Path:
    """A list as published, and a face for each of its rows; gender and status are in the colours."""
    root.mkdir(parents=True, exist_ok=True)
    parts = ("train", "train", "train", "train", "dev", "test")
    rows = [f"{number:08}.jpg,{number % 2},{number % 4},{parts[number // 4 % 6]}\n" for number in range(count)]
    (root / "labels.csv").write_text(HEAD + "".join(rows))
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


def test_the_list_of_another_release_is_refused(tmp_path: Path) -> None:
    root = release(tmp_path)
    rows = "".join(f"{number:08}.jpg,0,0,train\n" for number in range(sum(SIZES["1.0"])))
    (root / "labels.csv").write_text(HEAD + rows)
    assert len(open_1_0(root)) == 48
    with pytest.raises(ArtbenchError, match=r"kaokore-1\.3: .*labels\.csv has the 5,298 rows of release 1\.0"):
        open_1_3(root)


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


def test_every_task_goes_through_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = release(tmp_path / "faces")
    tasks = [f"kaokore-1.3-{name}" for name in ("gender", "status")]
    records = run_tasks(*tasks, data=f"kaokore-1.3={root}", folder=tmp_path, monkeypatch=monkeypatch)
    assert sorted(records) == sorted(tasks)
    assert np.isfinite([record["metrics"]["accuracy"]["value"] for record in records.values()]).all()
