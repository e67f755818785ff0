import csv
from pathlib import Path

import numpy as np
import pytest

from artbench.data import Answers
from artbench.errors import ArtbenchError
from artbench_eufcc.dataset import open_eufcc
from artbench_eufcc.metrics import label_hit_at_1, label_hit_at_10, label_r_precision, mean_label_rank
from artbench_eufcc.tasks import facet_targets, museum_bias_targets
from tests.support.run_tasks import paint, run_tasks, tasks_of

COLUMNS = (
    "idInSource",
    "objectTypes.hierarchy",
    "subjects.hierarchy",
    "materials.hierarchy",
    "#portraitMedia.original",
    "database",
    "repository.keeper",
    "classifications.hierarchy",
)
MATERIALS = ("metall | ferro $ paper", "material vegetal | fusta", "", "paper $ material vegetal | fusta | roure")
OBJECTS = ("estampa", "moble | seient | cadira $ moble", "eines i equips | eina")
MUSEUMS = ("Rijksmuseum", "Upplands Museum", '"Dimitrie Gusti" National Village Museum')
SIZES = {"train": 48, "val": 30, "test_id": 24, "test_ood": 24}


def release(root: Path, *, folder: str = ".") -> Path:
    """Tables as published, with labels in several depths, empty facets and quoted names, and their images."""
    (root / "data").mkdir(parents=True)
    number = 0
    for split, size in SIZES.items():
        with (root / "data" / f"{split}.csv").open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(COLUMNS)
            for _ in range(size):
                museum = MUSEUMS[number % 3] if split != "test_ood" else ("Museu Nou", "Museo Nuevo", "Rijksmuseum")
                name = museum if isinstance(museum, str) else museum[number % 3]
                subject = ("retrat | bust", "paisatge | marina")[number % 2]
                discipline = ("disseny | cartell", "arts visuals | dibuix")[number % 2]
                made = MATERIALS[number % 4] if number < 118 else "pa"
                # Five of each from each museum, for the bias.
                made = ("paper", "metall | ferro")[number % 2] if split == "val" else made
                fields = (f"art_{number:06}", OBJECTS[number % 3], subject, made, "https://a.b", "EUROPEANA", name)
                rows.writerow([*fields, discipline])
                paint(root / folder / "EUROPEANA" / "images" / f"art_{number:06}.jpg", number)
                number += 1
    return root


@pytest.mark.parametrize("folder", [".", "images", "data"])
def test_all_that_a_label_goes_through_are_labels(folder: str, tmp_path: Path) -> None:
    dataset = open_eufcc(release(tmp_path, folder=folder))
    targets = facet_targets(dataset, "materials")
    ways = ("material vegetal", "material vegetal | fusta", "material vegetal | fusta | roure", "metall")
    assert targets.classes == (*ways, "metall | ferro", "paper")
    # A quarter has no stated material.
    assert [(name, len(split)) for name, split in targets.splits] == [("train", 36), ("validation", 30), ("test", 18)]
    row = dataset.rows["EUROPEANA/images/art_000003.jpg"]
    assert targets.train.labels[targets.train.rows == row].tolist() == [[True, True, True, False, False, True]]
    assert targets.groups is not None
    assert targets.groups[dataset.rows["EUROPEANA/images/art_000002.jpg"]] == MUSEUMS[2]


def test_a_depth_has_the_labels_that_are_so_deep(tmp_path: Path) -> None:
    dataset = open_eufcc(release(tmp_path))
    assert facet_targets(dataset, "objects", depth=1).classes == ("eines i equips", "estampa", "moble")
    second = facet_targets(dataset, "objects", depth=2)
    assert second.classes == ("eines i equips | eina", "moble | seient")
    # Prints are not so deep.
    assert len(second.test) == 16
    assert second.test.labels.any(axis=1).all()


def test_the_other_museums_are_not_in_train(tmp_path: Path) -> None:
    targets = facet_targets(open_eufcc(release(tmp_path)), "objects", test="test_ood")
    museums = {name: set(targets.groups_of(split) or []) for name, split in targets.splits}
    assert museums == {"train": set(MUSEUMS), "validation": set(MUSEUMS), "test": {"Museu Nou", "Museo Nuevo"}}
    # A third of it is of a museum in train.
    assert (len(targets.train), len(targets.test)) == (48, 16)
    # What train does not have is no label, and an object without any other is not tested.
    made = facet_targets(open_eufcc(tmp_path), "materials", test="test_ood")
    assert "pa" not in made.classes
    assert made.test.labels.any(axis=1).all()


def test_the_museum_bias_is_of_objects_of_one_material(tmp_path: Path) -> None:
    targets = museum_bias_targets(open_eufcc(release(tmp_path)))
    assert targets.classes == ("metall", "paper")
    assert not set(targets.test.rows) & set(facet_targets(open_eufcc(tmp_path), "subjects").train.rows)


def test_metrics_agree_with_values_by_hand() -> None:
    labels = np.zeros((4, 12), bool)
    labels[0, [0, 3]] = labels[1, 5] = labels[2, 11] = True
    chances = np.tile(np.linspace(0.9, 0.1, 12), (4, 1))
    chances[1] = 0.5
    answers = Answers.of(labels, chances)
    # First and fourth of two; any of twelve that are equal; the last; no label at all.
    assert label_r_precision(answers)[:3].tolist() == [0.5, 0, 0]
    assert label_hit_at_1(answers)[:3].tolist() == [1, 0, 0]
    assert label_hit_at_10(answers)[:3].tolist() == [1, 0, 0]
    assert mean_label_rank(answers)[:3].tolist() == [2.5, 12, 12]
    for metric in (label_r_precision, label_hit_at_1, label_hit_at_10, mean_label_rank):
        assert np.isnan(metric(answers)[3])


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match=r"eufcc: no train\.csv in .*test_ood.*github"):
        open_eufcc(tmp_path)
    (release(tmp_path) / "data" / "test_ood.csv").unlink()
    with pytest.raises(ArtbenchError, match=r"eufcc: no test_ood\.csv in"):
        open_eufcc(tmp_path)
    (tmp_path / "data" / "test_ood.csv").write_text("idInSource,database\nx,y\n")
    with pytest.raises(ArtbenchError, match=r"test_ood\.csv has no column 'repository\.keeper'"):
        open_eufcc(tmp_path)


def test_every_task_goes_through_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = release(tmp_path / "objects")
    facets = ("materials", "objects", "disciplines", "subjects")
    tasks = [f"eufcc-{facet}{more}" for facet in facets for more in ("", "-depth-1", "-depth-2", "-unseen-museums")]
    tasks.append("eufcc-museum-bias")
    records = run_tasks(*tasks_of("eufcc"), data=f"eufcc={root}", folder=tmp_path, monkeypatch=monkeypatch)
    assert sorted(records) == sorted(tasks)
    found = records["eufcc-materials"]
    assert (found["primary_metric"], found["dataset"]["classes"]) == ("label_r_precision", 6)
    assert found["metrics"]["mean_label_rank"]["value"] >= 1
    assert records["eufcc-objects-unseen-museums"]["clusters"] == 2
    (page,) = (tmp_path / "results" / "leaderboards").glob("eufcc-objects-unseen-museums*.md")
    text = page.read_text()
    assert "R-precision" in text
    assert "27.7" in text
