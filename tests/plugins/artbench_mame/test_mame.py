from collections import Counter
from pathlib import Path

import pytest

from artbench.errors import ArtbenchError
from artbench_mame.dataset import medium_targets, museum_bias_targets, museum_targets, open_mame
from tests.support.run_tasks import paint, run_tasks

HEAD = "Image file,Medium,Museum,Museum-based instance ID,Subset,Width,Height,Product size,Aspect ratio\n"
MEDIUMS = ("Etching", "Steel", "Woven fabric ")
MUSEUMS = ("Metropolitan Museum of Art", "The Cleveland Museum of Art")


def file_of(number: int) -> str:
    # Cleveland's are the only `.jpeg`.
    return f"{number}.{('jpg', 'jpeg')[number % 2]}"


def release(root: Path, *, folder: str = "data_256", works: int = 72) -> Path:
    """A list as published, with the blank after the last medium and a quoted number, and its images."""
    parts = ("train", "train", "train", "val", "test", "test")
    rows = [
        f'{file_of(number)},{MEDIUMS[number % 3]},{MUSEUMS[number % 2]},"1984.{number}a, b",'
        f"{parts[number // 6 % 6]},300.0,400.0,120000.0,0.75\n"
        for number in range(works)
    ]
    (root / "MAMe_metadata").mkdir(parents=True)
    (root / "MAMe_metadata" / "MAMe_dataset.csv").write_text(HEAD + "".join(rows))
    for number in range(works):
        paint(root / folder / file_of(number), number)
    return root


@pytest.mark.parametrize("folder", ["data", "data_256", "MAMe_data_256/data_256"])
def test_mediums_are_read_without_their_blanks_and_museums_are_their_groups(folder: str, tmp_path: Path) -> None:
    dataset = open_mame(release(tmp_path, folder=folder))
    targets = medium_targets(dataset)
    assert targets.classes == ("Etching", "Steel", "Woven fabric")
    assert [(name, len(split)) for name, split in targets.splits] == [("train", 36), ("validation", 12), ("test", 24)]
    numbers = [int(dataset.ids[row].partition(".")[0]) for row in targets.test.rows]
    assert targets.test.labels.tolist() == [number % 3 for number in numbers]
    assert targets.groups_of(targets.test) == [MUSEUMS[number % 2] for number in numbers]
    assert museum_targets(dataset).groups is None
    assert museum_targets(dataset).classes == MUSEUMS


def test_the_full_images_are_taken_where_both_sizes_are_there(tmp_path: Path) -> None:
    small = open_mame(release(tmp_path))
    for number in range(72):
        paint(tmp_path / "data" / file_of(number), number, size=64)
    full = open_mame(tmp_path)
    assert full.files[0].startswith("data/")
    assert full.fingerprint != small.fingerprint


def test_an_unknown_subset_is_refused_with_file_and_line(tmp_path: Path) -> None:
    file = release(tmp_path) / "MAMe_metadata" / "MAMe_dataset.csv"
    file.write_text(file.read_text().replace(",val,", ",validation,", 1))
    with pytest.raises(ArtbenchError, match=r"MAMe_dataset\.csv, line 20: Subset is 'validation', not train or val"):
        medium_targets(open_mame(tmp_path))


def test_an_empty_folder_says_what_belongs_there(tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match=r"mame: no MAMe_dataset\.csv in .*data_256/<file>.*hpai\.bsc\.es"):
        open_mame(tmp_path)


def test_every_task_goes_through_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = release(tmp_path / "works")
    records = run_tasks("mame-medium", "mame-museum", data=f"mame={root}", folder=tmp_path, monkeypatch=monkeypatch)
    assert sorted(records) == ["mame-medium", "mame-museum"]
    # What guessing from the museum alone gives.
    assert [one["name"] for one in records["mame-medium"]["references"]] == [
        "largest class",
        "painter's commonest class",
    ]


def test_medium_and_museum_are_compared_in_equal_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = release(tmp_path / "works")
    file = root / "MAMe_metadata" / "MAMe_dataset.csv"
    # All are tested on: 24 works of each medium, 12 of each museum; a third museum has works of one medium alone.
    file.write_text(file.read_text().replace(",train,", ",test,").replace(",val,", ",test,"))
    lines = file.read_text().splitlines(keepends=True)
    lines[1:19:3] = [line.replace(MUSEUMS[0], "Los Angeles County").replace(MUSEUMS[1], "Los Angeles County")
                     for line in lines[1:19:3]]  # fmt: skip
    file.write_text("".join(lines))
    targets = museum_bias_targets(open_mame(root))
    assert targets.origins is not None
    cells = Counter(
        (targets.classes[label], targets.origins[row])
        for label, row in zip(targets.test.labels.tolist(), targets.test.rows.tolist(), strict=True)
    )
    assert cells == {(medium.strip(), museum): 9 for medium in MEDIUMS for museum in MUSEUMS}
    records = run_tasks("mame-museum-bias", data=f"mame={root}", folder=tmp_path, monkeypatch=monkeypatch)
    assert records["mame-museum-bias"]["protocol"] == "robustness-v1"
