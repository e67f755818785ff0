import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from artbench.cli.main import artbench
from artbench.errors import ArtbenchError
from artbench_met.dataset import instance_targets, open_met, open_met_mini
from tests.support.plugins import SMALL
from tests.support.run_tasks import pixels, run_tasks, tasks_of

WORKS = 12
# Works of the museum that visitors photographed, by split.
PHOTOGRAPHED = {"valset": (20, 30, 40), "testset": (50, 60, 70, 80, 70)}


def photograph(file: Path, number: int, *, darker: int) -> None:
    """A work in a tone of its own, more or less dark."""
    file.parent.mkdir(parents=True, exist_ok=True)
    light = np.clip(pixels(number) * np.linspace(0.3, 1, WORKS + 6)[number % (WORKS + 6)] - darker, 0, 255)
    Image.fromarray(light.astype(np.uint8)).save(file, quality=95)


def release(root: Path, *, database: str = "MET_database", base: str = "images") -> Path:
    """Lists as published, where distractors have no number of a work, and their images."""
    lists: dict[str, list[dict[str, Any]]] = {
        database: [
            {"id": 10 * work, "path": f"MET/{10 * work}/{number}.jpg"}
            for work in range(WORKS)
            for number in range(1 + work % 3)
        ]
    }
    for name, works in PHOTOGRAPHED.items():
        lists[name] = [
            {"path": f"test_met/{name}-{at}.jpg", "MET_id": work, "photographer": "a", "url": ""}
            for at, work in enumerate(works)
        ]
        lists[name] += [
            {"path": f"test_{kind}/{name}-{at}.jpg", "category": "x", "url": ""}
            for kind in ("other", "noart")
            for at in range(3)
        ]
    for name, entries in lists.items():
        (root / "ground_truth").mkdir(parents=True, exist_ok=True)
        (root / "ground_truth" / f"{name}.json").write_text(json.dumps(entries))
        for at, entry in enumerate(entries):
            work = entry.get("id", entry.get("MET_id"))
            top = entry["path"].partition("/")[0]
            file = root / base.format(top) / entry["path"]
            photograph(file, WORKS + at % 6 if work is None else work // 10, darker=5 * at % 20)
            assert top in ("MET", "test_met", "test_other", "test_noart")
    return root


@pytest.mark.parametrize("base", ["images", ".", "{}", "MET"])
def test_the_museum_is_the_index_and_visitors_are_the_queries(base: str, tmp_path: Path) -> None:
    dataset = open_met(release(tmp_path, base=base))
    place = base.format("test_noart").removeprefix(".")
    assert f"The images of test_noart are in {place}{'/' * bool(place)}test_noart" in dataset.notes
    targets = instance_targets(dataset)
    assert [(name, len(split)) for name, split in targets.splits] == [("train", 24), ("validation", 9), ("test", 11)]
    assert targets.classes == tuple(str(10 * work) for work in range(WORKS))
    assert sorted(targets.test.labels.tolist()) == [-1] * 6 + [5, 6, 7, 7, 8]
    assert sorted(targets.groups_of(targets.test) or []) == [""] * 6 + ["50", "60", "70", "70", "80"]
    assert not targets.missing


def test_images_that_are_not_there_are_told_with_their_splits(tmp_path: Path) -> None:
    (release(tmp_path) / "images" / "test_met" / "testset-0.jpg").unlink()
    targets = instance_targets(open_met(tmp_path))
    assert (list(targets.missing), list(targets.missing_splits)) == (["test_met/testset-0.jpg"], ["test"])


def _changed(name: str, change: Callable[[list[Any]], object]) -> Callable[[Path], None]:
    def changed(root: Path) -> None:
        file = root / "ground_truth" / f"{name}.json"
        entries = json.loads(file.read_text())
        change(entries)
        file.write_text(json.dumps(entries))

    return changed


def test_numbers_written_as_texts_and_a_stated_distractor_are_read_alike(tmp_path: Path) -> None:
    before = instance_targets(open_met(release(tmp_path)))
    _changed("testset", lambda given: [one.update(MET_id=str(one.get("MET_id", -1))) for one in given])(tmp_path)
    _changed("MET_database", lambda given: [one.update(id=str(one["id"])) for one in given])(tmp_path)
    after = instance_targets(open_met(tmp_path))
    assert (after.classes, after.test.labels.tolist()) == (before.classes, before.test.labels.tolist())


def elsewhere(place: Path) -> None:
    """Move a file or folder to where its release is, and link to it."""
    place.symlink_to(place.rename(place.parents[2] / "elsewhere"))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_changed("MET_database", lambda given: given.append(dict(given[0]))), r"MET/0/0\.jpg is listed a second time"),
        (_changed("MET_database", lambda given: given[3].pop("id")), r"entry 3: id is 'None', not the number"),
        (_changed("testset", lambda given: given[0].update(MET_id="x")), r"entry 0: MET_id is 'x', not the number"),
        (_changed("testset", lambda given: given[0].update(MET_id=7)), r"artwork 7, which the database lacks"),
        (_changed("valset", lambda given: given[1].update(path="../a/b.jpg")), r"entry 1: the image '\.\./a/b\.jpg'"),
        (_changed("valset", lambda given: given.append(3)), "entry 9 is no object"),
        (_changed("valset", lambda given: given[1].pop("path")), "entry 1: no path of an image"),
        (_changed("testset", lambda given: given[0].update(MET_id="5_0")), r"entry 0: MET_id is '5_0', not the number"),
        (
            _changed("testset", lambda given: given[0].update(MET_id=50.0)),
            r"entry 0: MET_id is '50\.0', not the number",
        ),
        (_changed("testset", lambda given: given[0].update(MET_id=True)), r"entry 0: MET_id is 'True', not the number"),
        (_changed("testset", lambda given: given[0].update(path="\ud800/a.jpg")), "half of a pair of surrogates"),
        (_changed("testset", lambda given: given[0].update(path=f"{'x' * 9999}/a.jpg")), "more than 255 letters"),
        (lambda root: (root / "ground_truth" / "valset.json").write_text("{}"), "holds an object, not an array"),
        (lambda root: (root / "ground_truth" / "valset.json").write_text("["), "can't be read as JSON"),
        (lambda root: (root / "ground_truth" / "valset.json").unlink(), r"no valset\.json in .*ground_truth"),
        (lambda root: elsewhere(root / "images" / "MET"), "MET is a link that leads out of"),
        (lambda root: elsewhere(root / "ground_truth" / "valset.json"), "valset.json is a link that leads out of"),
        (lambda root: (root / "images").rename(root / "pictures"), "none of the 44 images that are listed is in"),
    ],
)
def test_a_broken_release_is_refused(change: Callable[[Path], object], reason: str, tmp_path: Path) -> None:
    change(release(tmp_path / "met"))
    with pytest.raises(ArtbenchError, match=rf"met: .*{reason}"):
        open_met(tmp_path / "met")


def test_an_empty_folder_says_what_belongs_there(tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match=r"met: no MET_database\.json in .*test_noart/<file>.*felk"):
        open_met(tmp_path)


def test_the_whole_database_goes_through_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = release(tmp_path / "met")
    records = run_tasks(*tasks_of("met"), data=f"met={root}", folder=tmp_path, monkeypatch=monkeypatch)
    assert (records["met-instance"]["dataset"]["train"], records["met-instance"]["clusters"]) == (24, 10)
    (page,) = (tmp_path / "results" / "leaderboards").glob("met-instance*.md")
    assert all(word in page.read_text() for word in ("GAP", "36.1", "order by chance"))


def test_the_small_database_goes_through_a_run_and_the_confidence_of_its_authors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = release(tmp_path / "met", database="mini_MET_database")
    assert len(open_met_mini(root)) == 44
    records = run_tasks(*tasks_of("met-mini"), data=f"met-mini={root}", folder=tmp_path, monkeypatch=monkeypatch)
    record = records["met-mini-instance"]
    assert (record["dataset"]["train"], record["dataset"]["test"], record["clusters"]) == (24, 11, 10)
    found = {name: metric["value"] for name, metric in record["metrics"].items()}
    assert found["global_average_precision"] <= found["global_average_precision_without_distractors"]
    assert found["global_average_precision_without_distractors"] <= found["recall_at_1"]
    words = ["run", "--backbone", "small-colour", "--pretraining", "random", "--plugin", str(SMALL), "--device", "cpu"]
    words += ["--results", str(tmp_path / "results"), "--data", f"met-mini={root}", "--task", "met-mini-instance"]
    done = CliRunner().invoke(artbench, [*words, "--json", "--protocol", "retrieval-v1-whitening-3-softmax-5"])
    assert done.exit_code == 0, done.output
    assert "nearest at temperature" in done.stderr
    (again,) = json.loads(done.stdout)
    assert again["protocol"] == "retrieval-v1-whitening-3-softmax-5"
    checked = CliRunner().invoke(
        artbench,
        ["leaderboard", "check", str(tmp_path / "results"), "--plugin", str(SMALL), "--data", f"met-mini={root}"],
    )
    assert "no faults" in checked.output, checked.output
    pages = [file.read_text() for file in (tmp_path / "results" / "leaderboards").glob("met-mini*.md")]
    assert len(pages) == 1
    assert all(word in pages[0] for word in ("GAP", "27.1 %", "retrieval-v1-whitening-3-softmax-5", "order by chance"))
