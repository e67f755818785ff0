from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from artbench.data.authoring.tables import Table, read_table
from artbench.errors import ArtbenchError


def _table(folder: Path, content: str | bytes, name: str = "works.csv") -> Table:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_table(file, dataset="museum")


FRENCH = "fichier;école\r\ncafé.jpg;Néoclassicisme\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_what_spreadsheets_save_is_read(encoding: str, tmp_path: Path) -> None:
    table = _table(tmp_path, FRENCH.encode(encoding))
    assert table.columns == {"fichier": ["café.jpg"], "école": ["Néoclassicisme"]}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str, tmp_path: Path) -> None:
    rows = [["path", "title, and more", "style"], ["a.jpg", "one;two,three|four\tfive", "Rococo"]]
    text = "\n".join(delimiter.join(f'"{value}"' for value in row) for row in rows)
    assert _table(tmp_path, text).columns == {key: [value] for key, value in zip(*rows, strict=True)}


def test_one_column_and_empty_lines_and_a_delimiter_at_the_end(tmp_path: Path) -> None:
    assert _table(tmp_path, "path\na.jpg\n\n b.jpg \n").columns == {"path": ["a.jpg", "b.jpg"]}
    table = _table(tmp_path, "path,style,\na.jpg,Rococo,\n,,\nb.jpg,,\n")
    assert table.columns == {"path": ["a.jpg", "b.jpg"], "style": ["Rococo", ""]}
    assert table.lines == [2, 4]


def test_values_may_hold_line_breaks_and_rows_keep_their_line(tmp_path: Path) -> None:
    table = _table(tmp_path, 'path,title\na.jpg,"two\nlines"\nb.jpg,x\n')
    assert table.columns["title"] == ["two\nlines", "x"]
    assert table.lines == [2, 4]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"path,style\na.jpg\n", "line 2: 1 values for the 2 columns of line 1"),
        (b"path,style\na.jpg,Art, modern\n", "line 2: 3 values .*double quotes"),
        (b"path,path\na.jpg,x\n", "two columns called 'path'"),
        (b"path\n\x81\x8d\x8f\xff\n", "neither UTF-8 nor Windows-1252"),
    ],
)
def test_a_broken_table_is_refused_with_file_and_line(content: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match=rf"museum: .*works\.csv.*{reason}"):
        _table(tmp_path, content)


def test_a_missing_column_is_answered_with_the_nearest(tmp_path: Path) -> None:
    table = _table(tmp_path, "Path,Styles,year\na.jpg,x,1\n")
    with pytest.raises(ArtbenchError, match=r"has no column 'style'\. Is it Styles\? It has 'Path', 'Styles', 'year'"):
        table.column("style", dataset="museum")


def test_parquet_is_read_as_text_without_its_images(tmp_path: Path) -> None:
    columns = {
        "path": ["a.jpg", "b.jpg"],
        "year": [1650, None],
        "tags": [["oil", "wood"], []],
        "image": [{"bytes": b"x"}, {"bytes": b"y"}],
        "raw": [b"x", b"y"],
    }
    pq.write_table(pa.table(columns), tmp_path / "works.parquet")
    table = read_table(tmp_path / "works.parquet", dataset="museum")
    assert table.columns == {"path": ["a.jpg", "b.jpg"], "year": ["1650", ""], "tags": ["oil|wood", ""]}
    assert list(table.lines) == [1, 2]


@given(st.binary(max_size=300) | st.text(st.sampled_from('a,;"\n\r\t| é'), max_size=80).map(str.encode))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_a_table_or_refused_in_a_line(tmp_path: Path, content: bytes) -> None:
    try:
        table = _table(tmp_path, content)
    except ArtbenchError:
        return
    assert all(len(values) == len(table) for values in table.columns.values())


def test_a_file_that_is_no_parquet_or_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match=r"works\.parquet can't be read as Parquet"):
        _table(tmp_path, b"path\na.jpg", "works.parquet")
    with pytest.raises(ArtbenchError, match=r"none\.csv can't be read"):
        read_table(tmp_path / "none.csv", dataset="museum")


@pytest.mark.parametrize("last", ["", '4.jpg,"Untitled'])
def test_a_quotation_mark_that_is_never_closed_is_named_with_its_line(last: str, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    # Line 3 swallows line 4, up to the mark of line 5, and the number of values is still right.
    swallowing = '1.jpg,a\n2.jpg,"Untitled\n3.jpg,b\n4.jpg,"\n5.jpg,c\n'
    file.write_text(f"path,title\n{last or swallowing}")
    line = 2 if last else 3
    with pytest.raises(ArtbenchError, match=rf"list\.csv, line {line}: a value .*Close the quotation mark"):
        read_table(file, dataset="works")


def test_a_text_of_several_lines_is_no_swallowed_row(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text('path,title,note\n1.jpg,a,"first, of\ntwo lines, and\nmore"\n2.jpg,"say ""b""",""\n')
    assert list(read_table(file, dataset="works").columns["note"]) == ["first, of\ntwo lines, and\nmore", ""]
