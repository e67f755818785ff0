"""A collection without labels in a run: figures, duplicates and a map in place of a refusal."""

import csv
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import artbench
from artbench.data.folders import DatasetPaths
from artbench.data.unlabelled import find_unlabelled
from artbench.errors import UsageError
from artbench.plugins.loading import load_plugins
from artbench.stats.label_free import label_free
from tests.plugins.artbench_collection.museum import write_table
from tests.support.command_line import CommandLine
from tests.support.plugins import SMALL
from tests.support.reporters import RecordingReporter
from tests.support.run_tasks import paint

# Too few for UMAP, whose import takes many seconds.
COUNT = 24


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """Images without labels, one of them twice, and one that can't be read."""
    folder = tmp_path / "scans"
    for number in range(COUNT):
        paint(folder / f"{number:02}.png", number)
    shutil.copyfile(folder / "03.png", folder / "copy of 03.png")
    (folder / "broken.jpg").write_bytes(b"no image")
    return folder


def ran(folder: Path, results: Path, **options: Any) -> artbench.UnlabelledResult:
    found = artbench.run(
        backbone="small-colour",
        pretraining="random",
        task=f"collection:{folder}",
        results=results,
        device="cpu",
        plugins=[SMALL],
        **options,
    )
    assert isinstance(found, artbench.UnlabelledResult)
    return found


def test_a_folder_without_labels_gets_figures_duplicates_and_a_map(scans: Path, tmp_path: Path) -> None:
    listener = RecordingReporter()
    found = ran(scans, tmp_path / "results", reporter=listener)
    assert (found.dataset, found.images, found.unreadable) == ("collection:scans", COUNT + 2, 1)
    assert (found.duplicates.pairs, found.duplicates.to_check) == (1, 0)
    ids, matrix = artbench.features(
        backbone="small-colour", pretraining="random", dataset=f"collection:{scans}", plugins=[SMALL]
    )
    expected = label_free(np.asarray(matrix))
    assert len(ids) == expected.images == found.label_free.images == COUNT + 1
    assert found.label_free.distinct == COUNT
    assert found.label_free.rankme == expected.rankme
    assert found.label_free.intrinsic_dimension == expected.intrinsic_dimension
    assert found.label_free.ari is None
    assert any(
        "has no labels, and so no task" in text and ". Its features are described" in text for text in listener.notices
    )

    folder = tmp_path / "results" / found.folder
    written = json.loads((folder / "label-free.json").read_text())
    assert artbench.UnlabelledResult.model_validate(written) == found
    with (folder / "map.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == list(ids)
    assert list(rows[0]) == ["image", "x", "y"]
    summary = json.loads((folder / "map.json").read_text())
    assert (summary["record"], summary["wrong"], summary["faithfulness"]["agreement"]) == (None, None, None)
    assert (folder / "map.png").is_file()
    report = (tmp_path / "results" / found.duplicates_folder / "report.md").read_text()
    assert "copy of 03.png" in report
    # Nothing says where the collection lies.
    for file_ in (tmp_path / "results").rglob("*"):
        assert not file_.is_file() or str(tmp_path).encode() not in file_.read_bytes()


def test_the_command_says_each_in_a_line(scans: Path, tmp_path: Path, command_line: CommandLine) -> None:
    words = ["--backbone", "small-colour", "--pretraining", "random", "--plugin", str(SMALL)]
    words += ["--task", f"collection:{scans}", "--task", "sample-nothing", "--results", str(tmp_path / "results")]
    unknown = command_line("run", *words)
    assert unknown.returncode == 2
    assert "no task is called 'sample-nothing'" in unknown.stderr
    del words[words.index("sample-nothing") - 1 : words.index("sample-nothing") + 1]
    done = command_line("run", *words)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "small-colour, random  collection:scans, without labels"
    assert re.fullmatch(r"  RankMe [\d.]+, effective rank [\d.]+, TwoNN .* \(25 images x \d+ features\)", lines[1])
    assert lines[2].startswith("  1 pair of near-duplicates and 0 to check by eye, among 26 images, 1 of them unread")
    assert lines[2].endswith("report.html")
    assert lines[3].endswith("map.html")
    assert len(lines) == 4
    for line in lines[2:]:
        assert Path(line.partition(": ")[2]).is_file()
    as_json = command_line("run", *words, "--json")
    (result,) = json.loads(as_json.stdout)
    assert result["dataset"] == "collection:scans"
    assert result["label_free"]["images"] == COUNT + 1


def test_a_table_whose_columns_are_no_labels_and_one_with_labels_run_together(tmp_path: Path) -> None:
    for number in range(COUNT):
        paint(tmp_path / "images" / f"{number}.png", number)
    titles = [(f"images/{number}.png", f"Ohne Titel {number}") for number in range(COUNT)]
    bare = write_table(tmp_path / "bare.csv", ("path", "title"), titles)
    known = [(path, "abc"[number % 3]) for number, (path, _) in enumerate(titles)]
    labelled = write_table(tmp_path / "known.csv", ("path", "style"), known)
    found = artbench.run(
        backbone=["small-colour"],
        pretraining="random",
        task=[f"collection:{bare}", f"collection:{labelled}"],
        results=tmp_path / "results",
        device="cpu",
        plugins=[SMALL],
    )
    record, result = found
    assert isinstance(record, artbench.Record)
    assert record.label_free is not None
    assert record.label_free.clusters == 3
    assert isinstance(result, artbench.UnlabelledResult)
    assert (result.dataset, result.label_free.images) == ("collection:bare", COUNT)


def test_few_images_get_figures_without_a_map(tmp_path: Path) -> None:
    for number in range(3):
        paint(tmp_path / "few" / f"{number}.png", number)
    found = ran(tmp_path / "few", tmp_path / "results")
    assert not found.mapped
    assert not (tmp_path / "results" / found.folder / "map.html").exists()
    assert found.label_free.intrinsic_dimension is None


def test_images_that_a_list_names_are_left_out(scans: Path, tmp_path: Path) -> None:
    listed = [("collection:scans", "copy of 03.png", "train"), ("collection:scans", "broken.jpg", "test")]
    table = write_table(tmp_path / "exclude.csv", ("dataset", "image", "split"), listed)
    found = ran(scans, tmp_path / "results", exclude=table)
    assert (found.images, found.unreadable, found.label_free.images) == (COUNT, 0, COUNT)


@pytest.mark.parametrize(
    ("option", "words"), [("shots", "--shots draws images of each class"), ("width", "--width is fitted on training")]
)
def test_shots_and_widths_need_a_task(scans: Path, tmp_path: Path, option: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        ran(scans, tmp_path / "results", **{option: 4})
    assert not (tmp_path / "results").exists()


def test_a_range_stands_for_several_backbones_here_too(scans: Path, tmp_path: Path) -> None:
    asked: dict[str, Any] = {
        "pretraining": "none",
        "task": f"collection:{scans}",
        "results": tmp_path / "results",
        "device": "cpu",
    }
    found = artbench.run(backbone=["colour-histogram@size=32..33"], **asked)
    assert [one.backbone for one in found] == ["colour-histogram@size=32", "colour-histogram@size=33"]
    with pytest.raises(UsageError, match=r"size=32..33 stands for several backbones"):
        artbench.run(backbone="colour-histogram@size=32..33", **asked)


def test_an_encoder_that_fails_is_named_and_the_others_are_described(scans: Path, tmp_path: Path) -> None:
    with pytest.raises(artbench.IncompleteRun) as failure:
        artbench.run(
            backbone=["small-colour"],
            pretraining=["imagenet", "random"],
            task=f"collection:{scans}",
            results=tmp_path / "results",
            device="cpu",
            plugins=[SMALL],
        )
    assert list(failure.value.failures) == ["small-colour, imagenet"]
    assert len(list((tmp_path / "results").rglob("label-free.json"))) == 1


def test_only_datasets_without_labels_count_as_such(scans: Path) -> None:
    registry = load_plugins(only="")
    assert find_unlabelled("sample-style", registry=registry) is None
    assert find_unlabelled("sample", registry=registry) is None
    assert find_unlabelled("nothing", registry=registry) is None
    found = find_unlabelled(f"collection:{scans}", registry=registry)
    assert found is not None
    assert found.spec.folder is not None
    assert DatasetPaths().folder(found.spec, reporter=RecordingReporter()) == scans


def test_an_image_replaced_at_equal_size_is_another_state(scans: Path, tmp_path: Path) -> None:
    small, large = sorted([scans / "05.png", scans / "06.png"], key=lambda file: file.stat().st_size)
    before = ran(scans, tmp_path / "results")
    large.write_bytes(small.read_bytes().ljust(large.stat().st_size, b"\0"))
    after = ran(scans, tmp_path / "results")
    assert before.fingerprint != after.fingerprint
    assert before.folder != after.folder
    assert (before.label_free.distinct, after.label_free.distinct) == (COUNT, COUNT - 1)
