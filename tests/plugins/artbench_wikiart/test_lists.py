import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artbench.errors import ArtbenchError
from artbench_wikiart import lists
from artbench_wikiart.dataset import open_wikiart
from artbench_wikiart.lists import Row
from tests.support.releases.wikiart import STYLE_TRAIN, write_release


def _train(root: Path, text: str | bytes) -> tuple[Row, ...]:
    """What is read of the list style_train.csv."""
    file = write_release(root) / "wikiart_csv" / "style_train.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    style = open_wikiart(root).tables["style"]
    assert isinstance(style, lists.TaskLists)
    return style.train


@pytest.mark.parametrize(
    "text",
    [
        "{0},0\r\n{1},1\r\n",
        "{0},0\n{1},1",
        "\ufeff{0},0\n{1},1\n",
        "(Path to image),, (Groundtruth class) \n\n{0},,0\n{1},,1\n",
        "(Path to image),, (Groundtruth class)\r\n\r\n{0},, 0 \r\n\r\n{1},,1\r\n\r\n",
    ],
)
def test_all_forms_in_which_the_lists_are_published_are_read(text: str, tmp_path: Path) -> None:
    assert _train(tmp_path, text.format(*(path for path, _ in STYLE_TRAIN))) == STYLE_TRAIN


def test_a_path_may_hold_commas_and_the_next_line_sign(tmp_path: Path) -> None:
    (row,) = _train(tmp_path, "Realism/a_paul,-peter-und-\u00e3\x85.jpg,2\r\n")
    assert row == ("Realism/a_paul,-peter-und-\u00e3\x85.jpg", 2)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Realism/a.jpg,0\nRealism/b.jpg\n", "line 2: no comma"),
        ("Realism/a.jpg,0\r\n\r\nRealism/b.jpg,3\r\n", "line 3: the class is not a number from 0 to 2"),
        ("Realism/a.jpg,-1\n", "line 1: the class is not"),
        ("Realism/a.jpg,1.0\n", "line 1: the class is not"),
        ("Realism/a.jpg,one\n", "line 1: the class is not"),
        ("Realism/a.jpg,\n", "line 1: the class is not"),
        ("Realism/a.jpg," + "1" * 5000 + "\n", "line 1: the class is not"),
        ("Realism/a.jpg,\u0661\n", "line 1: the class is not"),
        ("Realism/a.jpg,0\n../../etc/passwd,0\n", "line 2: not a path"),
        ("Realism/../../a.jpg,0\n", "line 1: not a path"),
        ("/etc/passwd,0\n", "line 1: not a path"),
        ("./Realism/a.jpg,0\n", "line 1: not a path"),
        ("Realism//a.jpg,0\n", "line 1: not a path"),
        ("Realism/,0\n", "line 1: not a path"),
        ("Realism/..,0\n", "line 1: not a path"),
        ("a.jpg,0\n", "line 1: not a path"),
        (",0\n", "line 1: not a path"),
        ("C:\\Windows/a.jpg,0\n", "line 1: not a path"),
        ("C:/Windows/a.jpg,0\n", "line 1: not a path"),
        ("Realism/..\\..\\a.jpg,0\n", "line 1: not a path"),
        ("Realism/a\0.jpg,0\n", "line 1: not a path"),
        ("Realism/a\x1b[2J.jpg,0\n", "line 1: not a path"),
        ("Realism/" + "a" * 300 + ".jpg,0\n", "line 1: not a path"),
        (b"Realism/a.jpg,0\nRealism/\xe3\xad.jpg,0\n", "line 2: not UTF-8"),
    ],
)
def test_a_bad_row_is_named_with_file_and_line(text: str | bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError) as caught:
        _train(tmp_path, text)
    line = str(caught.value)
    assert f"style_train.csv, {reason}" in line
    assert "ArtGAN" in line
    assert len(line) < 600
    assert all(character.isprintable() for character in line)


@given(data=st.binary(max_size=80))
def test_whatever_a_list_holds_it_is_read_or_refused_in_one_line(
    data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.csv"
    file.write_bytes(data)
    refusal = ""
    try:
        for row in lists._rows(file, classes=3):
            assert 0 <= row.label < 3
            assert ".." not in row.path.split("/")
            assert not row.path.startswith("/")
    except ArtbenchError as error:
        refusal = str(error)
    assert "\n" not in refusal


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0 A\n2 C\n", "line 2: not class 1"),
        ("1 A\n2 B\n", "line 1: not class 0"),
        ("0 A\n0 B\n", "line 2: not class 1"),
        ("0 A\n1\n2 C\n", "line 2: not class 1"),
        ("A\nB\n", "line 1: not class 0"),
        ("\n", "names no class"),
    ],
)
def test_a_class_file_with_a_hole_is_refused(text: str, reason: str, tmp_path: Path) -> None:
    (write_release(tmp_path) / "wikiart_csv" / "style_class.txt").write_text(text)
    with pytest.raises(ArtbenchError, match=rf"style_class\.txt.*{reason}"):
        open_wikiart(tmp_path)


def test_a_list_that_ends_in_the_middle_is_refused(tmp_path: Path) -> None:
    folder = write_release(tmp_path) / "wikiart_csv"
    whole = gzip.compress((folder / "style_train.csv").read_bytes())
    (folder / "style_train.csv").unlink()
    (folder / "style_train.csv.gz").write_bytes(whole[:-12])
    with pytest.raises(ArtbenchError, match=r"style_train\.csv\.gz can't be read"):
        open_wikiart(tmp_path)
    (folder / "style_train.csv.gz").write_bytes(b"Realism/a.jpg,0\n")
    with pytest.raises(ArtbenchError, match=r"style_train\.csv\.gz can't be read"):
        open_wikiart(tmp_path)


def test_a_gzip_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "_LARGEST", 10**6)
    folder = write_release(tmp_path) / "wikiart_csv"
    (folder / "style_train.csv").unlink()
    (folder / "style_train.csv.gz").write_bytes(gzip.compress(bytes(10**7)))
    with pytest.raises(ArtbenchError, match="larger than 1 MB"):
        open_wikiart(tmp_path)
