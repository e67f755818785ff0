from pathlib import Path

import numpy as np
import pytest

from artbench.errors import ArtbenchError
from artbench_semart.dataset import open_semart
from artbench_semart.tasks import (
    TYPES,
    author_targets,
    school_targets,
    timeframe_targets,
    type_targets,
    unseen_type_targets,
)
from tests.support.run_tasks import paint, run_tasks, tasks_of

COLUMNS = ("IMAGE_FILE", "DESCRIPTION", "AUTHOR", "TITLE", "TECHNIQUE", "DATE", "TYPE", "SCHOOL", "TIMEFRAME")
PAINTERS = ("HOLBEIN, Hans the Younger", "GÉRARD, François", "DELACROIX, Eug?ne", "VERMEER, Johannes", "GOYA")
SIZES = {"train": 60, "val": 20, "test": 20}


def release(root: Path, *, encoding: str = "cp1252") -> Path:
    """Tables as published: tabs, not UTF-8, entities and commas in texts; and their images."""
    (root / "SemArt").mkdir(parents=True)
    number = 0
    for name, size in SIZES.items():
        rows = ["\t".join(COLUMNS)]
        for _ in range(size):
            kind = ("religious", "portrait", "landscape", "unheard-of")[number % 4]
            school, time = (
                ("Italian", "Dutch", "Mughal")[number % 3],
                ("1601-1650", "1501-1550", "1951-2000")[number % 3],
            )
            text = f"A work, of a saint; {number}"
            painter = PAINTERS[number // 2 % 5]
            rows.append(f"{number}-p.jpg\t{text}\t{painter}\tT&eacute;te\tOil\t1630\t{kind}\t{school}\t{time}")
            paint(root / "SemArt" / "Images" / f"{number}-p.jpg", number)
            number += 1
        (root / "SemArt" / f"semart_{name}.csv").write_bytes(("\n".join(rows) + "\n").encode(encoding))
    return root


def test_what_is_not_in_the_vocabulary_is_a_class_of_its_own(tmp_path: Path) -> None:
    dataset = open_semart(release(tmp_path))
    types = type_targets(dataset)
    assert [(name, len(split)) for name, split in types.splits] == [("train", 60), ("validation", 20), ("test", 20)]
    numbers = [int(dataset.ids[row].partition("-")[0]) for row in types.test.rows]
    assert types.test.labels.tolist() == [(0, 1, 2, 10)[number % 4] for number in numbers]
    assert (len(types.classes), len(school_targets(dataset).classes)) == (11, 25)
    assert school_targets(dataset).classes[-1] == timeframe_targets(dataset).classes[-1] == TYPES[-1] == "unknown"
    assert dataset.captions is not None
    assert dataset.captions[dataset.rows["2-p.jpg"]] == "GÉRARD, François: Téte"


def test_painters_are_those_of_the_authors_and_no_groups(tmp_path: Path) -> None:
    dataset = open_semart(release(tmp_path))
    targets = author_targets(dataset)
    assert (len(targets.classes), len(set(targets.classes)), targets.groups) == (350, 350, None)
    of = [PAINTERS[int(dataset.ids[row].partition("-")[0]) // 2 % 5] for row in targets.test.rows]
    known = {"HOLBEIN, Hans the Younger", "DELACROIX, Eug?ne", "VERMEER, Johannes"}
    assert [targets.classes[label] for label in targets.test.labels] == [
        painter if painter in known else "unknown" for painter in of
    ]
    assert "VELÁZQUEZ, Diego Rodriguez de Silva y" in targets.classes


def test_bytes_that_windows_1252_lacks_are_read_as_latin_1(tmp_path: Path) -> None:
    file = release(tmp_path) / "SemArt" / "semart_test.csv"
    before = open_semart(tmp_path).fingerprint
    file.write_bytes(file.read_bytes().replace(b"A work", b"A\x81work", 1))
    dataset = open_semart(tmp_path)
    assert dataset.fingerprint == before
    assert dataset.notes == [
        "semart_train.csv was read as Windows-1252",
        "semart_val.csv was read as Windows-1252",
        "semart_test.csv was read as Latin-1",
        "The images are in SemArt/Images",
    ]


def test_unseen_painters_are_never_in_train_and_each_test_image_is_tested_once(tmp_path: Path) -> None:
    targets = unseen_type_targets(open_semart(release(tmp_path)))
    assert len(targets.rounds) == 5
    assert targets.groups is not None
    for one in targets.rounds:
        fitted = [*one.train.rows, *(one.validation.rows if one.validation else [])]
        assert not {targets.groups[row] for row in fitted} & {targets.groups[row] for row in one.test.rows}
    tested = np.concatenate([one.test.rows for one in targets.rounds])
    assert len(tested) == len(set(tested.tolist())) == 20


def test_a_missing_table_and_images_are_said(tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match=r"semart: no semart_train\.csv in .*SemArt/Images/<file>"):
        open_semart(tmp_path)
    (release(tmp_path) / "SemArt" / "semart_val.csv").unlink()
    with pytest.raises(ArtbenchError, match=r"semart: no semart_val\.csv in"):
        open_semart(tmp_path)


@pytest.mark.integration
def test_every_task_goes_through_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = release(tmp_path / "gallery")
    tasks = tasks_of("semart")
    records = run_tasks(*tasks, data=f"semart={root}", folder=tmp_path, monkeypatch=monkeypatch)
    assert sorted(records) == sorted(tasks)
    rounds = {name: len(record["rounds"]) for name, record in records.items() if name.endswith("-unseen-artists")}
    assert rounds == dict.fromkeys((f"semart-{name}-unseen-artists" for name in ("type", "school", "timeframe")), 5)
