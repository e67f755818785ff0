from pathlib import Path

import pytest

from artbench.errors import ArtbenchError
from artbench_iconart.dataset import LABELS, label_targets, open_iconart
from tests.support.run_tasks import paint, run_tasks, tasks_of


def release(root: Path, *, index: bool = True) -> Path:
    """A table as published, with or without the unnamed index, lists for detection, and its images."""
    lists, images = root / "IconArt_v1" / "ImageSets" / "Main", root / "IconArt_v1" / "JPEGImages"
    lists.mkdir(parents=True)
    rows = [[*([""] if index else []), "item", *LABELS, "set", "Anno"]]
    for number in range(64):
        # One of eight has none of the seven.
        held = [str(int(number % 8 == label)) for label in range(len(LABELS))]
        part = "test" if number >= 32 else "train"
        rows.append([*([str(number)] if index else []), f"Q{1000 + number}", *held, part, str(number % 2)])
        paint(images / f"Q{1000 + number}.jpg", number)
    (lists / "IconArt_v1.csv").write_text("".join(",".join(row) + "\n" for row in rows))
    (lists / "test.txt").write_text("".join(f"Q{1000 + number}\n" for number in range(33, 64, 2)))
    return root


@pytest.mark.parametrize("index", [True, False])
def test_the_test_is_that_of_the_table_and_keeps_images_without_labels(index: bool, tmp_path: Path) -> None:
    targets = label_targets(open_iconart(release(tmp_path, index=index)))
    assert targets.classes[1] == "Child Jesus"
    assert [(name, len(split)) for name, split in targets.splits] == [("train", 32), ("test", 32)]
    assert targets.test.labels.sum(axis=0).tolist() == [4] * 7
    assert (~targets.test.labels.any(axis=1)).sum() == 4


def test_minus_one_is_absent(tmp_path: Path) -> None:
    file = release(tmp_path) / "IconArt_v1" / "ImageSets" / "Main" / "IconArt_v1.csv"
    before = label_targets(open_iconart(tmp_path)).test.labels
    text = [line.split(",") for line in file.read_text().splitlines()]
    changed = [[cell if cell != "0" or not 2 <= at < 9 else "-1" for at, cell in enumerate(row)] for row in text]
    file.write_text("".join(",".join(row) + "\n" for row in changed))
    assert (label_targets(open_iconart(tmp_path)).test.labels == before).all()


def test_the_second_version_is_refused(tmp_path: Path) -> None:
    lists = release(tmp_path) / "IconArt_v1" / "ImageSets" / "Main"
    (lists / "IconArt_v1.csv").rename(lists / "IconArt_v2.csv")
    with pytest.raises(ArtbenchError, match=r"iconart-v1: no IconArt_v1\.csv in .* It has IconArt_v2\.csv"):
        open_iconart(tmp_path)


def test_a_label_that_is_no_number_is_refused_with_file_and_line(tmp_path: Path) -> None:
    file = release(tmp_path) / "IconArt_v1" / "ImageSets" / "Main" / "IconArt_v1.csv"
    file.write_text(file.read_text().replace("1,Q1001,0", "1,Q1001,yes"))
    with pytest.raises(ArtbenchError, match=r"IconArt_v1\.csv, line 3: angel is 'yes', not a number"):
        label_targets(open_iconart(tmp_path))


def test_its_task_goes_through_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = release(tmp_path / "paintings")
    records = run_tasks(*tasks_of("iconart-v1"), data=f"iconart-v1={root}", folder=tmp_path, monkeypatch=monkeypatch)
    assert records["iconart-v1-labels"]["primary_metric"] == "mean_average_precision"
