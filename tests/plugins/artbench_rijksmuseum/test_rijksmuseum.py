import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from artbench.data.dataset import Dataset
from artbench.errors import ArtbenchError
from artbench.plugins.loading import load_plugins
from artbench.specs import load_factory
from artbench_rijksmuseum.dataset import open_rijksmuseum
from artbench_rijksmuseum.tasks import (
    artist_100_targets,
    artist_374_targets,
    artist_targets,
    material_targets,
    type_targets,
    year_targets,
)
from artbench_rijksmuseum.truth import read_truth
from tests.support.real_data import REAL_DATA, needs_real_data
from tests.support.releases import rijksmuseum as release
from tests.support.releases.rijksmuseum import metadata, stems, write_release, write_truth
from tests.support.run_tasks import paint, run_tasks

REAL = REAL_DATA / "rijksmuseum-2014"


def _label(dataset: Dataset, stem: str) -> str:
    targets = artist_targets(dataset)
    for _, split in targets.splits:
        for label in split.labels[split.rows == dataset.rows[stem]].tolist():
            return targets.classes[int(label)]
    raise AssertionError(stem)


def test_row_i_is_the_ith_name_whatever_its_number(tmp_path: Path) -> None:
    dataset = open_rijksmuseum(write_release(tmp_path))
    assert list(dataset.ids) == stems()
    for k in (0, 7, 8, 50, 99):
        expected = ("dani\ufffdl", "rijn, rembrandt van", "rest", "rest")[release.creator(k)]
        assert _label(dataset, stems()[k]) == expected


def test_classes_are_in_all_sets_and_have_ten_to_test_on_and_the_rest_is_rest(tmp_path: Path) -> None:
    dataset = open_rijksmuseum(write_release(tmp_path))
    whole, named, most = artist_targets(dataset), artist_374_targets(dataset), artist_100_targets(dataset)
    # Vermeer has two works, both to train on; works of nobody known are many, and still the rest.
    assert whole.classes == ("dani\ufffdl", "rijn, rembrandt van", "rest")
    assert named.classes == most.classes == whole.classes[:2]
    assert whole.validation is not None
    assert (len(whole.train), len(whole.validation), len(whole.test)) == (40, 20, 40)
    assert sum(len(split) for _, split in named.splits) == 69
    assert type_targets(dataset).classes == ("prent", "schilderij")
    assert material_targets(dataset).classes == ("olieverf", "papier")


def test_types_and_materials_are_all_that_are_mentioned_and_all_works_stay(tmp_path: Path) -> None:
    dataset = open_rijksmuseum(write_release(tmp_path))
    targets = material_targets(dataset)
    assert [len(split) for _, split in targets.splits] == [40, 20, 40]
    assert targets.train.labels[targets.train.rows == 1].tolist() == [[True, False]]
    assert targets.test.labels[targets.test.rows == 2].tolist() == [[False, True]]


def test_the_year_is_the_middle_of_a_span_that_is_not_too_long(tmp_path: Path) -> None:
    targets = year_targets(open_rijksmuseum(write_release(tmp_path)))
    years = {
        row: year
        for _, split in targets.splits
        for row, year in zip(split.rows.tolist(), split.labels.tolist(), strict=True)
    }
    # Work 3 was made some time within two centuries; the years of work 4 are in the wrong order.
    assert sorted(years) == [row for row in range(100) if row != 3]
    assert (years[0], years[4], years[99]) == (1605, 1645, 1704)


@pytest.mark.parametrize("suffix", [".jpg", ".xml", ""])
def test_a_part_of_the_images_will_do_with_the_names_of_all(suffix: str, tmp_path: Path) -> None:
    whole = open_rijksmuseum(write_release(tmp_path))
    for stem in stems()[:3]:
        (tmp_path / "jpg" / f"{stem}.jpg").unlink()
    with pytest.raises(ArtbenchError, match=r"a row for each of 100 works .* there are 97 in images.*filenames\.txt"):
        open_rijksmuseum(tmp_path)
    if suffix == ".xml":
        (tmp_path / "xml").mkdir()
        for stem in stems():
            (tmp_path / "xml" / f"{stem}.xml").write_text(metadata(["schilder: Rijn, Rembrandt van"], ["prent"], []))
    else:
        names = "".join(f"./jpg2/{stem}{suffix}\r\n" for stem in reversed(stems()))
        (tmp_path / "filenames.txt").write_text(names)
    partial = open_rijksmuseum(tmp_path)
    assert _label(partial, stems()[50]) == _label(whole, stems()[50])
    assert artist_targets(partial).missing == stems()[:3]
    assert artist_targets(partial).classes == artist_targets(whole).classes
    assert artist_targets(partial).fingerprint(partial) != artist_targets(whole).fingerprint(whole)


def test_one_name_too_many_is_no_complete_listing_either(tmp_path: Path) -> None:
    write_release(tmp_path)
    (tmp_path / "jpg" / "9999999_X.jpg").touch()
    with pytest.raises(ArtbenchError, match=r"101 in images"):
        open_rijksmuseum(tmp_path)
    # What has no such name is not counted.
    (tmp_path / "jpg" / "9999999_X.jpg").rename(tmp_path / "jpg" / "cover.jpg")
    assert len(open_rijksmuseum(tmp_path)) == 100


def test_a_listing_of_other_names_is_refused(tmp_path: Path) -> None:
    (write_release(tmp_path) / "filenames.txt").write_text("../../etc/passwd\n")
    with pytest.raises(ArtbenchError, match=r"filenames\.txt holds 'passwd', which is not a name"):
        open_rijksmuseum(tmp_path)


def write_xml(root: Path, count: int) -> Path:
    (root / "xml").mkdir(parents=True)
    (root / "jpg").mkdir()
    for k, stem in enumerate(stems(count)):
        text = metadata(
            ["Schilder: Rijn,  Rembrandt van", "etser: Vermeer, Jan"] if k % 2 else ["anoniem"],
            ["Prent", "Kaart"] if k % 3 else ["schilderij"],
            ["materiaal: papier & inkt" if k % 3 else "materiaal: doek", "hoogte: 3 cm", "techniek: etsen"],
        )
        (root / "xml" / f"{stem}.xml").write_text(text, encoding="utf-8")
        (root / "jpg" / f"{stem}.jpg").write_bytes(bytes(k + 1))
    return root


def test_without_the_ground_truth_labels_come_from_the_xml_files(tmp_path: Path) -> None:
    dataset = open_rijksmuseum(write_xml(tmp_path, 150))
    assert artist_targets(dataset).classes == ("rijn, rembrandt van", "rest")
    assert type_targets(dataset).classes == ("kaart", "prent", "schilderij")
    assert material_targets(dataset).classes == ("doek", "papier & inkt")
    targets = type_targets(dataset)
    assert sum(len(split) for _, split in targets.splits) == 150
    row = int(targets.train.rows[0])
    expected = [False, False, True] if row % 3 == 0 else [True, True, False]
    assert targets.train.labels[0].tolist() == expected
    assert _label(dataset, stems()[1]) == "rijn, rembrandt van"
    assert _label(dataset, stems()[2]) == "rest"
    with pytest.raises(ArtbenchError, match=r"the years are read from rijksgt\.mat, which is not in"):
        year_targets(dataset)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<record>", "is not XML"),
        ("", "is not XML"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "declares entities"),
    ],
)
def test_a_broken_or_hostile_xml_file_is_named(text: str, reason: str, tmp_path: Path) -> None:
    file = write_xml(tmp_path, 30) / "xml" / f"{stems()[4]}.xml"
    file.write_text(text)
    with pytest.raises(ArtbenchError, match=rf"{stems()[4]}\.xml.* {reason}"):
        open_rijksmuseum(tmp_path)


def test_a_file_that_is_no_ground_truth_is_refused(tmp_path: Path) -> None:
    file = write_release(tmp_path) / "rijksgt.mat"
    file.write_bytes(b"nothing of the kind")
    with pytest.raises(ArtbenchError, match=r"rijksgt\.mat is not the ground truth.*figshare"):
        open_rijksmuseum(tmp_path)
    savemat(file, {"gt": np.zeros((2, 2))})
    with pytest.raises(ArtbenchError, match=r"rijksgt\.mat is not the ground truth"):
        open_rijksmuseum(tmp_path)


def test_an_empty_folder_says_what_belongs_there(tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match=r"no images in .*rijksgt\.mat and all images.*figshare"):
        open_rijksmuseum(tmp_path)


def test_every_task_goes_through_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_truth(tmp_path / "rijksgt.mat")
    for k, stem in enumerate(stems()):
        paint(tmp_path / "jpg" / f"{stem}.jpg", k)
    tasks = [spec.name for _, spec in load_plugins().tasks.specs() if spec.dataset == "rijksmuseum-2014"]
    records = run_tasks(*tasks, data=f"rijksmuseum-2014={tmp_path}", folder=tmp_path / "out", monkeypatch=monkeypatch)
    assert sorted(records) == sorted(tasks)
    assert records["rijksmuseum-artist"]["dataset"]["train"] == 60
    assert records["rijksmuseum-artist"]["primary_metric"] == "mean_class_accuracy"
    assert records["rijksmuseum-type"]["primary_metric"] == "mean_average_precision_11_point"


@pytest.mark.integration
@needs_real_data
def test_the_real_images_alone_are_refused_and_with_all_names_have_their_labels(tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match=r"a row for each of 112,039 works.*there are 100 in images"):
        open_rijksmuseum(REAL)
    shutil.copytree(REAL / "jpg", tmp_path / "jpg")
    (tmp_path / "rijksgt.mat").symlink_to(REAL / "rijksgt.mat")
    with (REAL / "sample_labels.csv").open(encoding="utf-8") as file:
        known = [row for row in csv.DictReader(file) if row["gt_row0"]]
    # Names that are made up, but in the right places.
    names = [f"0000000_{k:06}" for k in range(112_039)]
    order = sorted(known, key=lambda row: int(row["gt_row0"]))
    for row in order:
        names[int(row["gt_row0"])] = Path(row["file"]).stem
    # Between two real names all numbers are those of the earlier one, so that the order stays.
    number = "0000000"
    for k, name in enumerate(names):
        number = name[:7] if name[:7] != "0000000" else number
        names[k] = name if name[:7] != "0000000" else f"{number}_~{k:06}"
    (tmp_path / "filenames.txt").write_text("\n".join(names), encoding="utf-8")
    dataset = open_rijksmuseum(tmp_path)
    assert len(dataset) == len(known)
    sizes = {spec.name: (spec, load_factory(spec.factory)(dataset)) for _, spec in load_plugins().tasks.specs()
             if spec.dataset == "rijksmuseum-2014"}  # fmt: skip
    for spec, targets in sizes.values():
        assert spec.published is not None
        assert len(targets.classes) == (spec.published.classes or 0)
        sizes_of_sets = (spec.published.train, spec.published.validation, spec.published.test)
        listed = len(targets.missing) + sum(len(split) for _, split in targets.splits)
        assert listed == sum(size or 0 for size in sizes_of_sets)
    targets = artist_targets(dataset)
    materials = material_targets(dataset)
    of_set = {"1": targets.train, "2": targets.validation, "3": targets.test}
    for row in known:
        split, place = of_set[row["set"]], dataset.rows[Path(row["file"]).stem]
        assert split is not None
        (label,) = split.labels[split.rows == place]
        assert targets.classes[label] in (row["creator"].replace("\x1a\x1a", "\ufffd"), "rest")
        parts = {"1": materials.train, "2": materials.validation, "3": materials.test}[row["set"]]
        assert parts is not None
        (labels,) = parts.labels[parts.rows == place]
        assert {materials.classes[k] for k in np.flatnonzero(labels)} <= set(row["materials"].split("|"))


@needs_real_data
def test_the_true_ground_truth_has_the_sizes_of_the_challenge() -> None:
    works = read_truth(REAL / "rijksgt.mat")
    assert np.bincount(works.sets).tolist() == [0, 78_427, 11_204, 22_408]
    assert (len(works.creators.names), len(works.types.names), len(works.materials.names)) == (6_622, 1_824, 406)
    assert len(works.creators.eligible(works.sets)) == 374 + 2
    assert len(works.types.eligible(works.sets)) == 103
    assert len(works.materials.eligible(works.sets)) == 81
    assert {works.creators.names[k] for k in works.anonymous} == {"anoniem", "unknown"}
    assert not any("\x1a" in name for name in works.creators.names)
