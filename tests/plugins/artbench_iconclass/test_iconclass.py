import json
from pathlib import Path

import pytest

from artbench.errors import ArtbenchError
from artbench_iconclass.dataset import open_iconclass
from artbench_iconclass.tasks import ancestors, depth_1_targets, depth_2_targets, depth_3_targets, volume_of
from tests.support.run_tasks import paint, run_tasks, tasks_of

CODES = (["31A235", "31A24(+1)", "61B(+54)"], ["25G41", "11HH(MARY MAGDALENE)(+5)"], ["9", "47D8(+0)"], ["not a code"])


def release(root: Path, *, volumes: int = 12, pages: int = 8) -> Path:
    """A list as published, with pages of volumes, numbers with a minus sign, and one image without any code."""
    root.mkdir(parents=True, exist_ok=True)
    images = {}
    for number in range(volumes * pages):
        volume, page = divmod(number, pages)
        images[f"bsb{volume:05}_{page:04}.jpg"] = CODES[number % 3]
    images |= {"IIHIM_-859728949.jpg": CODES[1], "IIHIM_1956438510.jpg": CODES[3]}
    (root / "data.json").write_text(json.dumps(images))
    for number, name in enumerate(images):
        paint(root / name, number)
    return root


@pytest.mark.parametrize(
    ("code", "depths"),
    [
        ("31A24(+1)", ("3", "31", "31A")),
        ("61B(+54)", ("6", "61", "61B")),
        ("25g41", ("2", "25", "25G")),
        ("11HH(MARY MAGDALENE)(+5)", ("1", "11", "11H")),
        ("9", ("9", "", "")),
        ("98(LUCRETIA)", ("9", "98", "")),
        # Brackets within brackets, a blank in a key, signs beside a code.
        ("11H(JOHN (THE BAPTIST))4(+ 3)", ("1", "11", "11H")),
        ("11H(JOHN(A(B)) (C))", ("1", "11", "11H")),
        (" 25F23; ", ("2", "25", "25F")),
        # A colon joins two codes, but not within the text of one.
        ("71H71:25F23(LION)", ("2 7", "25 71", "25F 71H")),
        ("11H(PAUL:SAUL)", ("1", "11", "11H")),
        ("31A:not a code", ("3", "31", "31A")),
        ("not a code", ("", "", "")),
        ("31J", ("", "", "")),
        ("٣١A", ("", "", "")),
        ("25F(LION", ("", "", "")),
        (":" * 2_000, ("", "", "")),
        ("(" * 100_000, ("", "", "")),
    ],
)
def test_a_code_is_cut_at_a_depth(code: str, depths: tuple[str, ...]) -> None:
    assert tuple(" ".join(sorted(ancestors(code, depth))) for depth in (1, 2, 3)) == depths


@pytest.mark.parametrize(
    ("file", "volume"),
    [
        ("bsb00027852_559.jpg", "bsb00027852"),
        ("uiuc_832w91o_pic012.jpg", "uiuc_832w91o"),
        ("embhab_hab_li77441_pic142.jpg", "embhab_hab_li77441"),
        ("embhab_uk-70_pic205.jpg", "embhab_uk-70"),
        # Both sides of a leaf, and all pictures on it, are of one manuscript.
        ("120d13_002r_min_a1.jpg", "120d13"),
        ("120d13_002v_min.jpg", "120d13"),
        ("128c1_dl1_403v_min.jpg", "128c1_dl1"),
        # Numbers of pictures, not pages: of so many that the prefix says nothing.
        ("IIHIM_-859728949.jpg", "IIHIM"),
        ("IIHIM_RIJKS_1956438510.jpg", "IIHIM_RIJKS"),
        ("17.jpg", ""),
        ("print.jpg", "print"),
        (f"{'1_' * 120}a.jpg", "1_" * 118 + "1"),
    ],
)
def test_the_volume_is_what_stands_before_the_page(file: str, volume: str) -> None:
    assert volume_of(file) == volume


def test_labels_are_the_ancestors_at_the_depth(tmp_path: Path) -> None:
    dataset = open_iconclass(release(tmp_path))
    for depth, classes in (
        (depth_1_targets, ("1", "2", "3", "4", "6", "9")),
        (depth_2_targets, ("11", "25", "31", "47", "61")),
        (depth_3_targets, ("11H", "25G", "31A", "47D", "61B")),
    ):
        targets = depth(dataset)
        assert targets.classes == classes
        # All but the one without a code.
        assert len(targets.train) + len(targets.test) == 97
        held = dict(zip(targets.train.rows.tolist(), targets.train.labels, strict=True))
        held |= dict(zip(targets.test.rows.tolist(), targets.test.labels, strict=True))
        row = dataset.rows["bsb00000_0001.jpg"]
        assert [classes[at] for at in held[row].nonzero()[0]] == [classes[0], classes[1]]


def test_no_volume_is_on_both_sides_and_all_depths_have_one_split(tmp_path: Path) -> None:
    dataset = open_iconclass(release(tmp_path))
    first, third = depth_1_targets(dataset), depth_3_targets(dataset)
    assert set(first.test.rows) == set(third.test.rows)
    volumes = [
        {dataset.ids[row].partition("_")[0] for row in split.rows} - {"IIHIM"} for split in (first.train, first.test)
    ]
    assert not volumes[0] & volumes[1]
    assert 0.1 < len(first.test) / 97 < 0.3


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[1]", "holds an array, not an object"),
        ('{"a.jpg": "31A"}', r"the codes of 'a\.jpg' are no list"),
        ("{", "can't be read as JSON"),
        ("[" * 100_000, "can't be read as JSON"),
        ('{"../a.jpg": ["31A"]}', "leads out of the folder"),
        ('{"a.jpg": ["31A"], "a.jpg": ["25F"]}', r"an object has the key 'a\.jpg' twice"),
        (r'{"\ud800.jpg": ["31A"]}', "half of a pair of surrogates"),
        ("{}", "the list names no image"),
    ],
)
def test_a_broken_list_is_refused(text: str, reason: str, tmp_path: Path) -> None:
    (release(tmp_path) / "data.json").write_text(text)
    with pytest.raises(ArtbenchError, match=rf"iconclass: .*{reason}"):
        open_iconclass(tmp_path)


def test_every_task_goes_through_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = release(tmp_path / "prints")
    records = run_tasks(*tasks_of("iconclass"), data=f"iconclass={root}", folder=tmp_path, monkeypatch=monkeypatch)
    assert sorted(records) == [f"iconclass-depth-{depth}" for depth in (1, 2, 3)]
