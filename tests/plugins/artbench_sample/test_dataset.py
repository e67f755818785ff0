"""The collection on disk: painted, read back, refused where it is broken."""

import socket
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from artbench.errors import ArtbenchError
from artbench.plugins.loading import load_plugins
from artbench_sample import crew
from artbench_sample.catalogue import Work
from artbench_sample.crew import image_file, paint_alone, paint_together
from artbench_sample.dataset import open_sample
from artbench_sample.paint import SEED, paint_collection, write_digests, write_labels
from artbench_sample.tasks import artist_targets, material_targets, painting_targets, style_targets


def test_helpers_paint_what_one_process_paints(works: list[Work], tmp_path: Path) -> None:
    alone, together = tmp_path / "alone", tmp_path / "together"
    for folder in (alone, together):
        (folder / "pictures").mkdir(parents=True)
    paint_alone(alone, works[:8], seed=SEED)
    paint_together(together, works[:8], seed=SEED)
    for work in works[:8]:
        assert (alone / image_file(work)).read_bytes() == (together / image_file(work)).read_bytes()
        with Image.open(together / image_file(work)) as image:
            assert (image.format, image.size) == ("JPEG", work.size)


def test_pictures_are_painted_where_helpers_fail(
    works: list[Work], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pictures").mkdir()
    # The helpers look for the module under this name, and don't find it.
    monkeypatch.setattr(crew, "__name__", "no_such_module")
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    paint_together(tmp_path, works[:6], seed=SEED)
    assert len(list((tmp_path / "pictures").iterdir())) == 6


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_whole_collection_is_painted_and_opens(tmp_path: Path) -> None:
    paint_collection(tmp_path)
    assert len(open_sample(tmp_path)) == len(list((tmp_path / "pictures").iterdir())) == 1200


def test_painting_needs_no_network(works: list[Work], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("painting asked for the network")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    (tmp_path / "pictures").mkdir()
    paint_alone(tmp_path, works[:3], seed=0)
    write_labels(tmp_path, works[:3])


def test_the_state_of_the_data_does_not_hang_on_the_encoder_of_images(works: list[Work], tmp_path: Path) -> None:
    folder = _small(tmp_path, works)
    before, contents = open_sample(folder).fingerprint, _contents(folder)
    for file in (folder / "pictures").iterdir():
        with Image.open(file) as image:
            image.copy().save(file, "JPEG", quality=30)
    write_digests(folder, works[:12])
    assert open_sample(folder).fingerprint == before
    assert _contents(folder) == contents


def test_an_image_that_is_not_as_it_was_painted_has_another_content(works: list[Work], tmp_path: Path) -> None:
    folder = _small(tmp_path, works)
    before = _contents(folder)
    file = open_sample(folder).path(1)
    file.write_bytes(file.read_bytes() + b"x")
    after = _contents(folder)
    assert [one == other for one, other in zip(before, after, strict=True)].count(False) == 1
    assert before[1] != after[1]


def _contents(folder: Path) -> list[bytes]:
    dataset = open_sample(folder)
    return [dataset.content(row, dataset.read(row)) for row in range(len(dataset))]


def test_labels_say_what_is_planted(collection: Path, works: list[Work]) -> None:
    rows = open_sample(collection).tables["labels"]
    assert isinstance(rows, list)
    for row, work in zip(rows, works, strict=True):
        assert (row["style"], row["artist"], row["museum"]) == (work.style, work.artist, work.museum)
        assert row["materials"].split("|") == sorted(work.materials)
        assert int(row["duplicate_of"] or 0) == work.duplicate_of
        assert row["influence"] == work.influence


def test_targets_are_disjoint_and_cover_the_collection(collection: Path) -> None:
    dataset = open_sample(collection)
    for targets, classes in (
        (style_targets(dataset), 8),
        (artist_targets(dataset), 24),
        (material_targets(dataset), 8),
    ):
        train, test = targets.train, targets.test
        assert (len(train), len(test), len(targets.classes)) == (840, 360, classes)
        assert not set(train.rows.tolist()) & set(test.rows.tolist())
        for split in (train, test):
            labels = split.labels
            seen = labels.any(axis=0).sum() if labels.dtype == np.bool_ else len(np.unique(labels))
            assert seen == classes


def test_labels_belong_to_their_rows(collection: Path, works: list[Work]) -> None:
    dataset = open_sample(collection)
    artists, materials = artist_targets(dataset), material_targets(dataset)
    for place, row in enumerate(artists.test.rows.tolist()):
        assert artists.classes[int(artists.test.labels[place])] == works[row].artist
        held = {name for name, has in zip(materials.classes, materials.test.labels[place], strict=True) if has}
        assert held == works[row].materials


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("no labels", "can't be read"),
        ("no image", "1 of 12 images are missing"),
        ("other table", "is not the table"),
        ("short row", "is not the table"),
        ("binary", "can't be read"),
        ("twice", "has an id twice"),
    ],
)
def test_a_broken_folder_is_refused_in_one_line_with_a_mend(
    fault: str, says: str, works: list[Work], tmp_path: Path
) -> None:
    folder = _small(tmp_path, works)
    labels = folder / "labels.csv"
    lines = labels.read_text(encoding="utf-8").splitlines()
    if fault == "no labels":
        labels.unlink()
    elif fault == "no image":
        (folder / image_file(works[5])).unlink()
    elif fault == "other table":
        labels.write_text("a,b\n1,2\n", encoding="utf-8")
    elif fault == "short row":
        labels.write_text("\n".join([*lines, "0099,pictures/0099.jpg"]), encoding="utf-8")
    elif fault == "binary":
        labels.write_bytes(b"\xff\xfe\x00")
    else:
        labels.write_text("\n".join([*lines, lines[-1]]), encoding="utf-8")
    with pytest.raises(ArtbenchError, match=says) as caught:
        open_sample(folder)
    assert "Delete the folder" in caught.value.mend
    assert "\n" not in str(caught.value)


def test_the_plugin_registers_the_dataset_and_its_tasks() -> None:
    registry = load_plugins()
    assert registry.datasets.find("sample")[1].prepare is not None
    metrics = {
        name: registry.tasks.find(f"sample-{name}")[1].primary_metric for name in ("style", "artist", "material")
    }
    assert metrics == {"style": "accuracy", "artist": "accuracy", "material": "mean_average_precision"}


def _small(folder: Path, works: list[Work]) -> Path:
    (folder / "pictures").mkdir()
    for work in works[:12]:
        Image.new("RGB", (8, 8)).save(folder / image_file(work))
    write_labels(folder, works[:12])
    write_digests(folder, works[:12])
    return folder


def test_of_each_painting_that_was_scanned_twice_one_scan_is_a_query(collection: Path) -> None:
    dataset = open_sample(collection)
    targets = painting_targets(dataset)
    asked, held = targets.test.labels[targets.test.labels >= 0], targets.train.labels[targets.train.labels >= 0]
    assert sorted(asked.tolist()) == sorted(held.tolist()) == list(range(24))
    assert (targets.train.labels == -1).sum() == len(targets.train) - 24
    assert targets.train.rows.tolist() == style_targets(dataset).train.rows.tolist()
