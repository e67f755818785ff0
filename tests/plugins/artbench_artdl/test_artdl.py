from pathlib import Path

import pytest

from artbench.errors import ArtbenchError
from artbench_artdl.dataset import SAINTS, label_targets, open_artdl, saint_targets
from tests.support.run_tasks import paint, run_tasks, tasks_of

LABELS = (*SAINTS, "11H(STEPHEN)", "John Baptist - Child")
PARTS = ("train", "train", "val", "test")


def release(root: Path, *, table: str = "ArtDL.csv") -> Path:
    """A table of twelve labels, the lists of the benchmark with repetitions in train, and the images."""
    (root / "sets").mkdir(parents=True)
    (root / "DEVKitArt").mkdir()
    rows, lists = [["item", *LABELS, "set"]], dict.fromkeys(("train", "val", "test"), "")
    for number in range(96):
        held = [str(int(number % 12 == label)) for label in range(12)]
        part = PARTS[number // 12 % 4]
        rows.append([f"{number:04}", *held, part])
        paint(root / "DEVKitArt" / "JPEGImages" / f"{number:04}.jpg", number)
        if number % 12 < 10:
            lists[part] += f"{number:04}\n" * (3 if part == "train" else 1)
    (root / "DEVKitArt" / table).write_text("".join(",".join(row) + "\n" for row in rows))
    for name, text in lists.items():
        (root / "sets" / f"{name}.txt").write_text(text)
    return root


@pytest.mark.parametrize("table", ["ArtDL.csv", "info.csv"])
def test_repeated_lines_of_train_count_once(table: str, tmp_path: Path) -> None:
    dataset = open_artdl(release(tmp_path, table=table))
    targets = saint_targets(dataset)
    assert targets.classes == SAINTS
    assert [(name, len(split)) for name, split in targets.splits] == [("train", 40), ("validation", 20), ("test", 20)]
    # Leading zeros are part of a name.
    assert targets.test.labels.tolist() == [int(dataset.ids[row]) % 12 for row in targets.test.rows]


def test_all_labels_are_in_the_split_of_the_table(tmp_path: Path) -> None:
    targets = label_targets(open_artdl(release(tmp_path)))
    assert targets.classes == LABELS
    assert [(name, len(split)) for name, split in targets.splits] == [("train", 48), ("validation", 24), ("test", 24)]


def test_images_of_two_saints_are_in_no_split(tmp_path: Path) -> None:
    file = release(tmp_path) / "DEVKitArt" / "ArtDL.csv"
    file.write_text(file.read_text().replace("0000,1,0,", "0000,1,1,"))
    assert len(saint_targets(open_artdl(tmp_path)).train) == 39


def test_lists_that_overlap_or_are_missing_are_refused(tmp_path: Path) -> None:
    dataset = open_artdl(release(tmp_path))
    with (tmp_path / "sets" / "test.txt").open("a") as file:
        file.write("0000\n")
    with pytest.raises(ArtbenchError, match="artdl: 0000 is in the lists of train and of test"):
        saint_targets(dataset)
    (tmp_path / "sets" / "test.txt").write_bytes("0001\n".encode("utf-16"))
    with pytest.raises(ArtbenchError, match=r"artdl: .*test\.txt is not UTF-8.*github\.com/iFede94"):
        saint_targets(dataset)
    (tmp_path / "sets" / "val.txt").unlink()
    with pytest.raises(ArtbenchError, match=r"artdl: no val\.txt in .*sets/.*github\.com/iFede94"):
        saint_targets(dataset)
    assert len(label_targets(dataset).test) == 24


def test_every_task_goes_through_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = release(tmp_path / "saints")
    records = run_tasks(*tasks_of("artdl"), data=f"artdl={root}", folder=tmp_path, monkeypatch=monkeypatch)
    assert {name: record["primary_metric"] for name, record in records.items()} == {
        "artdl-saints": "macro_f1",
        "artdl-labels": "mean_average_precision",
    }
