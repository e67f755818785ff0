from pathlib import Path

import numpy as np
import pytest

from artbench.data.authoring import Table, find_list, open_listed, present, read_json, read_table
from artbench.errors import ArtbenchError


def test_a_list_is_found_at_the_first_of_its_places(tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match=rf"a: no x\.csv or y\.csv in {tmp_path}\. Unpack it"):
        find_list(tmp_path, "in/x.csv", "x.csv", "y.csv", dataset="a", mend="Unpack it")
    (tmp_path / "in" / "x.csv").mkdir(parents=True)
    (tmp_path / "y.csv").touch()
    assert find_list(tmp_path, "in/x.csv", "y.csv", dataset="a", mend="") == tmp_path / "y.csv"


def test_a_list_may_be_a_link_in_its_folder_but_not_out_of_it(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "in").mkdir(parents=True)
    (root / "real.csv").touch()
    (root / "in" / "x.csv").symlink_to(root / "real.csv")
    assert find_list(root, "in/x.csv", dataset="a", mend="") == root / "in" / "x.csv"
    (root / "real.csv").rename(tmp_path / "real.csv")
    (root / "y.csv").symlink_to(tmp_path / "real.csv")
    with pytest.raises(ArtbenchError, match=r"a: .*y\.csv is a link that leads out of"):
        find_list(root, "y.csv", dataset="a", mend="")


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_json_is_read_with_and_without_a_mark(mark: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(f'{mark}[{{"é": 1}}]', encoding="utf-8")
    assert read_json(tmp_path / "x.json", list, dataset="a", mend="") == [{"é": 1}]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"null", "holds null, not an array"),
        (b"true", "holds true or false, not an array"),
        (b"1.5", "holds a number, not an array"),
        (b"{}", "holds an object, not an array"),
        (b'[{"a": 1, "b": 2, "a": 1}]', "an object has the key 'a' twice"),
        (b"", "can't be read as JSON"),
        ("[]".encode("utf-16"), "can't be read as JSON"),
        (b"[" * 100_000, "can't be read as JSON"),
        (b"[" + b"9" * 5000 + b"]", "can't be read as JSON"),
    ],
)
def test_what_is_no_list_in_json_is_refused_in_one_line(content: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(ArtbenchError, match=rf"a: .*x\.json .*{reason}.*\. Fetch it again") as raised:
        read_json(tmp_path / "x.json", list, dataset="a", mend="Fetch it again")
    assert len(str(raised.value).splitlines()) == 1


def test_a_folder_of_images_that_is_a_link_out_is_refused_before_it_is_looked_into(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "1.jpg").write_bytes(bytes(9))
    (tmp_path / "root" / "images").symlink_to(tmp_path / "private")
    with pytest.raises(ArtbenchError, match=r"a: .*images is a link that leads out of .*root"):
        open_listed(tmp_path / "root", ["1.jpg"], dataset="a", folders=["images", "."], mend="")


@pytest.mark.parametrize(
    ("listed", "reason"),
    [([], "the list names no image"), (["1.jpg", ""], r"the list names the image '' \(number 2\): names no file")],
)
def test_a_list_without_names_is_refused(listed: list[str], reason: str, tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match=f"a: {reason}.* Unpack it"):
        open_listed(tmp_path, listed, dataset="a", folders=["."], mend="Unpack it")


@pytest.mark.parametrize("value", ["nan", "inf", "1e999", "1_0", "٣", "", "yes"])
def test_a_label_is_a_usual_number(value: str) -> None:
    table = Table(file=Path("x.csv"), columns={"Peter": ["1", value]}, lines=[2, 3])
    with pytest.raises(ArtbenchError, match=rf"x\.csv, line 3: Peter is '{value}', not a number\. Write 1"):
        present(table, ["Peter"], dataset="a")


def test_above_zero_is_present() -> None:
    table = Table(file=Path("x.csv"), columns={"Peter": ["1", "-1", "+1.0", ".5", "0", "1e-3", "0e0"]}, lines=range(7))
    found = present(table, ["Peter"], dataset="a")
    assert np.flatnonzero(found).tolist() == [0, 2, 3, 5]


def test_a_table_with_a_huge_value_or_many_columns_is_told_of_in_a_short_line(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("file\n" + "x" * 200_000)
    with pytest.raises(ArtbenchError, match=r"line 2: not CSV .*Shorten the value, or close the quotation mark"):
        read_table(tmp_path / "x.csv", dataset="a")
    (tmp_path / "x.csv").write_text(",".join(f"{'y' * 3000}{number}" for number in range(1000)) + "\n")
    with pytest.raises(ArtbenchError, match="has no column 'file'") as raised:
        read_table(tmp_path / "x.csv", dataset="a").column("file", dataset="a")
    assert len(str(raised.value)) < 4000
