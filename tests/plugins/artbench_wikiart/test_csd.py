"""WikiArt in CSD's split: its list is read as its code reads it, and both tasks go through a run."""

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest

from artbench.errors import ArtbenchError
from artbench_wikiart.csd import artist_targets, open_csd, style_targets
from tests.support.run_tasks import paint, run_tasks

STYLES = ("Baroque", "Fauvism", "Cubism")
HEAD = ("name", "path", "artist", "label", "split")


def rows(count: int = 36) -> list[tuple[str, str, str, str, str]]:
    """Images of three styles and four painters, and one by a painter who is not in the database."""
    listed = []
    for number in range(count):
        style, name = STYLES[number % 3], f"painter-{number % 4}_{number}.png"
        split = "query" if number % 6 == 5 else "database"
        artist = "newcomer" if number == 5 else f"painter-{number % 4}"
        listed.append((name, f"/cmlscratch/somebody/wikiart/{style}/{name}", artist, style, split))
    return listed


def write(root: Path, listed: Sequence[Sequence[str]], *, head: Sequence[str] = HEAD, folder: str = "wikiart") -> Path:
    root.mkdir(exist_ok=True)
    with (root / "wikiart.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head, *listed])
    for number, (name, _, _, style, _) in enumerate(rows()):
        paint(root / folder / style / name, number)
    return root


def test_queries_and_database_are_those_of_the_list(tmp_path: Path) -> None:
    dataset = open_csd(write(tmp_path / "wikiart", rows()))
    targets = artist_targets(dataset)
    assert targets.classes == ("painter-0", "painter-1", "painter-2", "painter-3")
    assert (len(targets.train), len(targets.test)) == (30, 5)
    tested = {dataset.ids[row]: targets.classes[label]
              for row, label in zip(targets.test.rows.tolist(), targets.test.labels.tolist(), strict=True)}  # fmt: skip
    # Painters who are not in the database are left out of the queries.
    assert "Cubism/painter-1_5.png" not in tested
    assert tested["Cubism/painter-3_11.png"] == "painter-3"
    styles = style_targets(dataset)
    assert styles.classes == ("Baroque", "Cubism", "Fauvism")
    assert len(styles.test) == 6


def test_a_list_without_paths_has_them_by_style_and_name(tmp_path: Path) -> None:
    short = [(name, artist, style, split) for name, _, artist, style, split in rows()]
    dataset = open_csd(write(tmp_path / "wikiart", short, head=("name", "artist", "label", "split"), folder="."))
    assert dataset.files[0] == "Baroque/painter-0_0.png"
    assert len(dataset) == 36


def test_missing_images_are_told_with_their_split(tmp_path: Path) -> None:
    root = write(tmp_path / "wikiart", rows())
    for name in ("Baroque/painter-0_0.png", "Cubism/painter-3_11.png"):
        (root / "wikiart" / name).unlink()
    targets = artist_targets(open_csd(root))
    assert dict(zip(targets.missing, targets.missing_splits, strict=True)) == {
        "Baroque/painter-0_0.png": "train",
        "Cubism/painter-3_11.png": "test",
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({4: "train"}, r"line 2: the split 'train' is neither query nor database"),
        ({1: "/a/../../../secret.png"}, r"line 2: the path '/a/../../../secret.png' leads out of"),
        ({1: "x/Fauvism/painter-1_1.png"}, r"line 3: Fauvism/painter-1_1.png is there a second time, first in line 2"),
    ],
)
def test_a_wrong_row_is_told_by_its_line(change: dict[int, str], said: str, tmp_path: Path) -> None:
    first = list(rows()[0])
    for column, text in change.items():
        first[column] = text
    with pytest.raises(ArtbenchError, match=said):
        open_csd(write(tmp_path / "wikiart", [first, *rows()[1:]]))


def test_a_folder_without_the_list_says_where_it_comes_from(tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match=r"there is no wikiart.csv in .*learn2phoenix/CSD"):
        open_csd(tmp_path)


def test_both_tasks_go_through_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write(tmp_path / "wikiart", rows())
    names = "wikiart-artist-retrieval", "wikiart-style-retrieval"
    records = run_tasks(*names, data=f"wikiart-csd={root}", folder=tmp_path, monkeypatch=monkeypatch)
    for name in names:
        assert records[name]["protocol"] == "retrieval-v1"
        assert {"class_mean_retrieval_map", "csd_map_at_10", "csd_map_at_100"} <= set(records[name]["metrics"])
    # The colour of an image says its style here.
    assert records["wikiart-style-retrieval"]["metrics"]["retrieval_map"]["value"] > 0.9
    assert records["wikiart-artist-retrieval"]["metrics"]["retrieval_map"]["value"] < 0.6
