from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from artbench.data.checks import is_partial
from artbench.data.dataset import Dataset
from artbench.data.pool import LabelledDataset, train_images
from artbench.plugins.loading import load_plugins
from artbench.specs import load_factory
from artbench_wikiart.dataset import open_wikiart
from artbench_wikiart.layout import find_lists
from artbench_wikiart.lists import read_lists
from artbench_wikiart.painter_tasks import painter_targets, unseen_artists_targets
from artbench_wikiart.tasks import artist_targets, genre_targets, painter_of, style_targets
from tests.support.real_data import REAL_DATA, needs_real_data
from tests.support.releases.wikiart import classes, rows
from tests.support.run_tasks import paint, run_tasks

STYLES = ("Baroque", "Cubism", "Fauvism")
PAINTERS = ("joaqu\u00e3\u00adn-sorolla", "rembrandt", "juan-gris", "andre-derain", "georges-braque", "el-greco", "new")


def works() -> list[tuple[str, int]]:
    """Forty images of each of six painters in two styles each, and ten of a seventh."""
    listed = [
        (f"{STYLES[(p + k % 2) % 3]}/{painter}_no-{k}.jpg", (p + k % 2) % 3)
        for p, painter in enumerate(PAINTERS)
        for k in range(40 if painter != "new" else 10)
    ]
    return sorted(listed, key=lambda row: row[0][::-1])


def write_style_lists(root: Path) -> Path:
    (root / "wikiart_csv").mkdir(parents=True)
    listed = works()
    for name, part in (("train", listed[: len(listed) * 7 // 10]), ("val", listed[len(listed) * 7 // 10 :])):
        (root / "wikiart_csv" / f"style_{name}.csv").write_bytes(rows(tuple(part)).encode())
    (root / "wikiart_csv" / "style_class.txt").write_text(classes(STYLES))
    for path, _ in listed:
        (root / "wikiart" / path).parent.mkdir(parents=True, exist_ok=True)
        (root / "wikiart" / path).touch()
    return root


def whole_release_without_images() -> Dataset:
    """The true lists, as if every image they name were there."""
    lists = {task: read_lists(files) for task, files in find_lists(REAL_DATA / "artgan-lists").items()}
    ids = sorted({row.path for task in lists.values() for row in (*task.train, *task.val)})
    return Dataset(name="wikiart", root=REAL_DATA, ids=ids, files=ids, versions=["1"] * len(ids), tables=lists)


def test_a_painter_has_a_class_from_forty_images_on(tmp_path: Path) -> None:
    dataset = open_wikiart(write_style_lists(tmp_path))
    targets = painter_targets(dataset)
    assert targets.classes == tuple(sorted(PAINTERS[:6]))
    assert len(targets.train) + len(targets.test) == 240
    assert targets.groups is None
    for _, split in targets.splits:
        for row, label in zip(split.rows.tolist(), split.labels.tolist(), strict=True):
            assert painter_of(dataset.ids[row]) == targets.classes[int(label)]


def test_no_round_trains_on_a_painter_that_it_tests(tmp_path: Path) -> None:
    dataset = open_wikiart(write_style_lists(tmp_path))
    style, unseen = style_targets(dataset), unseen_artists_targets(dataset)
    assert len(unseen.rounds) == 5
    tested = np.concatenate([round_.test.rows for round_ in unseen.rounds])
    assert sorted(tested.tolist()) == sorted(style.test.rows.tolist())
    for round_ in unseen.rounds:
        train, test = ({painter_of(dataset.ids[row]) for row in part.rows} for part in (round_.train, round_.test))
        assert not train & test
        assert set(round_.train.rows.tolist()) <= set(style.train.rows.tolist())
    assert unseen.groups is not None
    assert unseen.groups[int(tested[0])] == painter_of(dataset.ids[int(tested[0])])


def test_groups_are_painters_but_not_of_the_task_that_asks_for_them(tmp_path: Path) -> None:
    dataset = open_wikiart(write_style_lists(tmp_path))
    groups = style_targets(dataset).groups
    assert groups is not None
    assert set(groups) == set(PAINTERS)


def test_a_missing_image_is_missing_from_the_tasks_that_list_it(tmp_path: Path) -> None:
    root = write_style_lists(tmp_path)
    gone = [path for path, _ in works() if "/new_" in path][:3]
    for path in gone:
        (root / "wikiart" / path).unlink()
    dataset = open_wikiart(root)
    assert painter_targets(dataset).missing == []
    assert sorted(unseen_artists_targets(dataset).missing) == sorted(gone)
    # Of all images that any round holds: 3 of 250 are more than one in a hundred.
    assert is_partial(unseen_artists_targets(dataset))
    assert not is_partial(replace(unseen_artists_targets(dataset), missing=gone[:2]))


def test_the_tasks_on_painters_go_through_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_style_lists(tmp_path)
    for k, (path, _) in enumerate(works()):
        paint(root / "wikiart" / path, k)
    tasks = ["wikiart-style", "wikiart-painter", "wikiart-style-unseen-artists"]
    records = run_tasks(*tasks, data=f"wikiart={root}", folder=tmp_path / "out", monkeypatch=monkeypatch)
    assert sorted(records) == sorted(tasks)
    assert records["wikiart-painter"]["dataset"]["classes"] == 6
    unseen = records["wikiart-style-unseen-artists"]
    assert len(unseen["rounds"]) == 5
    assert unseen["clusters"] == len(PAINTERS)
    each = [round_["metrics"]["accuracy"] for round_ in unseen["rounds"]]
    values = [value["value"] if isinstance(value, dict) else value for value in each]
    assert unseen["metrics"]["accuracy"]["value"] == pytest.approx(np.mean(values))


@needs_real_data
def test_the_true_lists_have_460_painters_and_five_even_folds() -> None:
    dataset = whole_release_without_images()
    painters = painter_targets(dataset)
    assert (len(painters.classes), len(painters.train), len(painters.test)) == (460, 48_649, 20_838)
    assert np.bincount(painters.train.labels.astype(np.int64)).min() >= 20
    unseen = unseen_artists_targets(dataset)
    assert sum(len(round_.test) for round_ in unseen.rounds) == 24_421
    shares = np.array([len(round_.test) / 24_421 for round_ in unseen.rounds])
    assert np.abs(shares - 0.2).max() < 0.01
    # Styles of which fewer than ten painters are known can't be even; the commoner ones are.
    for round_ in unseen.rounds:
        counts = np.bincount(round_.train.labels.astype(np.int64), minlength=27)
        assert counts.min() > 0


@pytest.mark.integration
@needs_real_data
def test_the_pool_of_the_true_lists_is_what_no_task_tests() -> None:
    dataset = whole_release_without_images()
    factories = [spec.factory for _, spec in load_plugins().tasks.specs() if spec.dataset == "wikiart"]
    targets = {str(factory): load_factory(factory)(dataset) for factory in factories}
    assert len(targets) == 5
    # The tasks of artbench's own test nothing but what the release does.
    assert len(train_images([LabelledDataset(dataset=dataset, targets=targets)])) == 56_774


@needs_real_data
def test_the_published_sizes_are_those_of_the_true_lists() -> None:
    dataset = whole_release_without_images()
    factories = {"style": style_targets, "artist": artist_targets, "genre": genre_targets, "painter": painter_targets}
    specs = {spec.name: spec.published for _, spec in load_plugins().tasks.specs()}
    for task, factory in factories.items():
        targets, published = factory(dataset), specs[f"wikiart-{task}"]
        assert published is not None
        sizes = (len(targets.classes), len(targets.train), len(targets.test))
        assert sizes == (published.classes, published.train, published.test)


@needs_real_data
def test_the_real_images_have_59_painters() -> None:
    dataset = open_wikiart(REAL_DATA / "wikiart-mini")
    targets = painter_targets(dataset)
    assert (len(targets.classes), len(targets.train), len(targets.test)) == (59, 4_043, 1_739)
