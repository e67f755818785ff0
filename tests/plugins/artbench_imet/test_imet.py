import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from artbench.data.authoring.tables import read_table
from artbench.errors import ArtbenchError
from artbench.plugins.loading import load_plugins
from artbench.specs import load_factory
from artbench_imet.dataset import open_2019, open_2020
from artbench_imet.tasks import attributes_targets, country_targets, culture_targets, medium_targets, tags_targets
from tests.support.real_data import REAL_DATA, needs_real_data
from tests.support.run_tasks import paint, run_tasks

LABELS_2019 = ("culture::french", "culture::edo, japan", "tag::men", "tag::women", 'tag::"oil" lamps')
LABELS_2020 = ("country::france", "culture::french", "dimension::small", "dimension::large", "medium::oil", "tags::men")


def write(root: Path, labels: Sequence[str], images: Sequence[tuple[str, Sequence[int]]]) -> Path:
    """A release as Kaggle gives it, with a stand-in for every image; opening a dataset reads none."""
    (root / "train").mkdir(parents=True)
    with (root / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("attribute_id", "attribute_name"), *enumerate(labels)])
    with (root / "train.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("id", "attribute_ids"), *((id_, " ".join(map(str, a))) for id_, a in images)])
    for size, (id_, _) in enumerate(images, start=1):
        (root / "train" / f"{id_}.png").write_bytes(bytes(size))
    return root


def ids(count: int) -> list[str]:
    return [f"{number * 2654435761 % 2**64:016x}" for number in range(count)]


def release_2019(root: Path, count: int = 60) -> Path:
    attributes = [(0, 2), (1, 2, 3), (1, 4), (3,)]
    return write(root, LABELS_2019, [(id_, attributes[k % 4]) for k, id_ in enumerate(ids(count))])


def test_labels_are_those_of_the_list_and_a_kind_leaves_out_images_without_it(tmp_path: Path) -> None:
    dataset = open_2019(release_2019(tmp_path))
    targets = culture_targets(dataset)
    assert targets.classes == ("french", "edo, japan")
    assert len(targets.train) + len(targets.test) == 45
    (row,) = np.flatnonzero(np.concatenate([targets.train.rows, targets.test.rows]) == dataset.rows[ids(2)[1]])
    labels = np.concatenate([targets.train.labels, targets.test.labels])
    assert labels[row].tolist() == [False, True]
    assert tags_targets(dataset).classes == ("men", "women", '"oil" lamps')
    whole = attributes_targets(dataset)
    assert whole.classes == LABELS_2019
    assert len(whole.train) + len(whole.test) == 60
    assert int(whole.train.labels.sum() + whole.test.labels.sum()) == 15 * (2 + 3 + 2 + 1)


def test_the_test_is_a_fifth_of_every_rarest_label_and_the_same_for_all_tasks(tmp_path: Path) -> None:
    dataset = open_2019(release_2019(tmp_path))
    whole = attributes_targets(dataset)
    assert len(whole.test) == 12
    assert set(culture_targets(dataset).test.rows) <= set(whole.test.rows)
    assert set(tags_targets(dataset).test.rows) <= set(whole.test.rows)


def test_a_partial_copy_keeps_the_split_and_names_what_is_missing(tmp_path: Path) -> None:
    root = release_2019(tmp_path)
    whole = open_2019(root)
    gone = ids(60)[5]
    (root / "train" / f"{gone}.png").unlink()
    partial = open_2019(root)
    assert attributes_targets(partial).missing == [gone]
    before = {whole.ids[row] for row in attributes_targets(whole).test.rows}
    after = {partial.ids[row] for row in attributes_targets(partial).test.rows}
    assert after == before - {gone}
    assert attributes_targets(partial).fingerprint(partial) != attributes_targets(whole).fingerprint(whole)
    # ids(60)[7] has no culture, so it is not missing there.
    (root / "train" / f"{ids(60)[7]}.png").unlink()
    assert culture_targets(open_2019(root)).missing == [gone]


@pytest.mark.parametrize("folder", ["train/train", "train-1"])
def test_pictures_may_lie_where_archives_unpack_them(folder: str, tmp_path: Path) -> None:
    root = release_2019(tmp_path)
    usual = open_2019(root)
    (root / "train").rename(root / "moved")
    (root / folder).parent.mkdir(exist_ok=True)
    (root / "moved").rename(root / folder)
    dataset = open_2019(root)
    assert dataset.fingerprint == usual.fingerprint
    assert dataset.path(0).is_file()


def test_the_lists_of_the_other_year_are_reported(tmp_path: Path) -> None:
    dataset = open_2020(release_2019(tmp_path))
    with pytest.raises(
        ArtbenchError, match=r"imet-2020: no attribute .* begins with 'medium::', only with culture, tag"
    ):
        medium_targets(dataset)


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [
        ("train.csv", "id,attribute_ids\n../../etc/passwd,1\n", r"train\.csv, line 2: .* is not an image id"),
        ("train.csv", "id,attribute_ids\nab,1\nab,2\n", r"line 3: the image ab is listed a second time"),
        ("train.csv", "id,attribute_ids\nab,1 5\n", r"line 2: 5 is not an attribute from 0 to 4"),
        ("train.csv", "id,attribute_ids\nab,1 -1\n", r"line 2: '1 -1' are not attribute numbers"),
        ("train.csv", "id,attributes\nab,1\n", r"no column 'attribute_ids'\. Is it attributes\?"),
        ("train.csv", "id,attribute_ids\nab,1\n", r"none of the 1 images of train\.csv is in .*kaggle\.com"),
        ("labels.csv", "attribute_id,attribute_name\n0,culture::a\n2,tag::b\n", r"labels\.csv, line 3: .*'2' where 1"),
    ],
)
def test_a_broken_list_is_refused_with_file_and_line(file: str, text: str, reason: str, tmp_path: Path) -> None:
    (release_2019(tmp_path) / file).write_text(text)
    with pytest.raises(ArtbenchError, match=rf"imet-2019: .*{reason}"):
        open_2019(tmp_path)


def test_an_empty_folder_says_what_belongs_there(tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match=r"imet-2019: no train\.csv in .*labels\.csv.*kaggle\.com"):
        open_2019(tmp_path)


def test_every_task_goes_through_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    some = ids(60)
    write(tmp_path / "2019", LABELS_2019, [(id_, ((0, 2), (1, 3), (0, 3, 4))[k % 3]) for k, id_ in enumerate(some)])
    write(tmp_path / "2020", LABELS_2020, [(id_, ((0, 2, 4), (1, 3, 5))[k % 2]) for k, id_ in enumerate(some)])
    for year in ("2019", "2020"):
        for k, id_ in enumerate(some):
            paint(tmp_path / year / "train" / f"{id_}.png", k)
        tasks = [spec.name for _, spec in load_plugins().tasks.specs() if spec.dataset == f"imet-{year}"]
        assert len(tasks) == {"2019": 3, "2020": 5}[year]
        data = f"imet-{year}={tmp_path / year}"
        records = run_tasks(*tasks, data=data, folder=tmp_path, monkeypatch=monkeypatch)
        assert sorted(records) == sorted(tasks)
        assert {record["primary_metric"] for record in records.values()} == {"sample_f2"}


@needs_real_data
def test_the_true_labels_of_2020_have_the_published_kinds(tmp_path: Path) -> None:
    names = read_table(REAL_DATA / "imet" / "imet2020_labels.csv", dataset="imet-2020").columns["attribute_name"]
    write(tmp_path, names, [(id_, (k, (k * 7) % len(names))) for k, id_ in enumerate(ids(len(names)))])
    (tmp_path / "labels.csv").write_bytes((REAL_DATA / "imet" / "imet2020_labels.csv").read_bytes())
    dataset = open_2020(tmp_path)
    published = {s.factory: s.published for _, s in load_plugins().tasks.specs() if s.dataset == "imet-2020"}
    for factory, size in published.items():
        assert size is not None
        assert len(load_factory(factory)(dataset).classes) == size.classes
    assert sum(size.classes or 0 for size in published.values() if size) == len(names) == 3_474
    assert 'plant remains ("balanites aegyptiaca")' in medium_targets(dataset).classes
    assert country_targets(dataset).classes[0] == "afghanistan"
