from collections import Counter
from pathlib import Path

import pytest

from artbench.errors import ArtbenchError
from artbench_mame.dataset import (
    medium_targets,
    museum_bias_targets,
    museum_targets,
    open_mame,
    unseen_medium_targets,
)
from artbench_mame.objects import keys_of, objects_of
from tests.support.run_tasks import paint, run_tasks, tasks_of

HEAD = "Image file,Medium,Museum,Museum-based instance ID,Subset,Width,Height,Product size,Aspect ratio\n"
MEDIUMS = ("Etching", "Steel", "Woven fabric ")
MUSEUMS = ("Metropolitan Museum of Art", "The Cleveland Museum of Art")
LOS_ANGELES = "Los Angeles County Museum of Art"


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


@pytest.mark.parametrize(
    ("museum", "numbers", "objects"),
    [
        (MUSEUMS[0], ["2002.494.19", "2002.494.19a, b", "2002.494.19c–e", "2002.494.190", "16.32.337"], 3),
        (MUSEUMS[0], ["JP3386", "JP3386a", "1970.565.78(1)", "1970.565.78(12)", "JP338"], 3),
        (MUSEUMS[1], ["1921.314", "1921.314.a", "1921.314.2", "1921.3", "1921.3145"], 3),
        # Of the third and the fourth the photograph is one; the last is of the object of the first.
        (LOS_ANGELES, ["177393-75675", "171075-39725", "203840-90412", "239423-90412", "177393-75679"], 3),
        (LOS_ANGELES, ["1-10", "2-10", "2-11", "3-11", "10-1"], 2),
        (MUSEUMS[0], ["", "", "1.2.3", "", ""], 5),
    ],
)
def test_images_of_one_object_are_told_by_the_numbers_of_its_museum(
    museum: str, numbers: list[str], objects: int
) -> None:
    files = [f"{number}.jpg" for number in range(5)]
    assert len(set(objects_of(files, [museum] * 5, numbers))) == objects
    # The same number in another museum is another object.
    assert not set(keys_of(museum, numbers[0])) & set(keys_of("Another Museum", numbers[0]))


def test_objects_of_train_are_not_tested(tmp_path: Path) -> None:
    file = release(tmp_path) / "MAMe_metadata" / "MAMe_dataset.csv"
    before = medium_targets(open_mame(tmp_path))
    assert len(unseen_medium_targets(open_mame(tmp_path)).test) == 24
    # A part of the first work, which trains, and another of the 20th, which is validation.
    text = file.read_text().replace('"1984.24a, b"', "1984.0c").replace('"1984.25a, b"', "1984.19.d")
    file.write_text(text.replace('"1984.26a, b"', '"1984.28e, f"'))
    dataset = open_mame(tmp_path)
    targets = unseen_medium_targets(dataset)
    gone = {dataset.rows["24.jpg"], dataset.rows["25.jpeg"]}
    assert set(before.test.rows) - set(targets.test.rows) == gone
    assert (targets.train.rows == before.train.rows).all()
    groups = targets.groups_of(targets.test)
    assert groups is not None
    assert len(set(groups)) == 21


def test_the_full_images_are_taken_where_both_sizes_are_there(tmp_path: Path) -> None:
    small = open_mame(release(tmp_path))
    for number in range(72):
        paint(tmp_path / "data" / file_of(number), number, size=64)
    full = open_mame(tmp_path)
    assert full.files[0].startswith("data/")
    assert (small.notes, full.notes) == (["The images are in data_256"], ["The images are in data"])
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
    # Below, of works enough for it.
    tasks = [name for name in tasks_of("mame") if name != "mame-museum-bias"]
    records = run_tasks(*tasks, data=f"mame={root}", folder=tmp_path, monkeypatch=monkeypatch)
    assert sorted(records) == tasks
    assert records["mame-medium-unseen-objects"]["clusters"] == 24
    # What guessing from the museum alone gives.
    assert [one["name"] for one in records["mame-medium"]["references"]] == [
        "largest class",
        "painter's commonest class",
    ]


def test_medium_and_museum_are_compared_in_equal_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = release(tmp_path / "works")
    file = root / "MAMe_metadata" / "MAMe_dataset.csv"
    # All are tested on: 24 works of each medium, 12 of each museum; a third museum has works of one medium alone.
    # Four show parts of one work, so that there are nine of its medium from its museum.
    text = file.read_text().replace(",train,", ",test,").replace(",val,", ",test,")
    for number in (46, 52, 58):
        text = text.replace(f'"1984.{number}a, b"', "1984.64c")
    file.write_text(text)
    lines = file.read_text().splitlines(keepends=True)
    lines[1:19:3] = [line.replace(MUSEUMS[0], "Los Angeles County").replace(MUSEUMS[1], "Los Angeles County")
                     for line in lines[1:19:3]]  # fmt: skip
    file.write_text("".join(lines))
    dataset = open_mame(root)
    targets = museum_bias_targets(dataset)
    assert targets.origins is not None
    cells = Counter(
        (targets.classes[label], targets.origins[row])
        for label, row in zip(targets.test.labels.tolist(), targets.test.rows.tolist(), strict=True)
    )
    assert cells == {(medium.strip(), museum): 9 for medium in MEDIUMS for museum in MUSEUMS}
    assert sum(row in targets.test.rows for row in map(dataset.rows.get, ("46.jpg", "52.jpg", "58.jpg", "64.jpg"))) == 1
    records = run_tasks("mame-museum-bias", data=f"mame={root}", folder=tmp_path, monkeypatch=monkeypatch)
    assert records["mame-museum-bias"]["protocol"] == "robustness-v1"
