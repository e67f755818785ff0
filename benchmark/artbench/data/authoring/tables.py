"""Reading tables: CSV from any spreadsheet, or Parquet."""

import csv
import io
import stat
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from artbench.errors import ArtbenchError
from artbench.runtime.files import file_errors

TABLE_SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".parquet", ".pq"})
"""Suffixes of tables that `read_table` reads, in lower case."""

# Enough for ten million rows.
_LARGEST = 1_000_000_000
# Columns that a message names, and letters of each.
_NAMED = 50

_DELIMITERS = ",;\t|"
_ENCODINGS = ("utf-8-sig", "cp1252")


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of text.

    Attributes:
        file: File that it was read from.
        columns: Values of each column, all of one length; empty text for missing values.
        lines: Line of the file on which each row begins; for Parquet, the number of the row.
        encoding: Encoding that a CSV was read in, such as `utf-8-sig`; empty for Parquet.
    """

    file: Path
    columns: Mapping[str, Sequence[str]]
    lines: Sequence[int]
    encoding: str = ""

    def __len__(self) -> int:
        return len(self.lines)

    def column(self, name: str, *, dataset: str, mend: str = "") -> Sequence[str]:
        """Return the values of one column.

        Args:
            name: Name of the column.
            dataset: Name of the dataset, for the message.
            mend: What to do if there is no such column; by default, the message lists the columns.

        Raises:
            ArtbenchError: There is no such column; the message gives the nearest names.
        """
        if name in self.columns:
            return self.columns[name]
        lower = {column.lower(): column for column in self.columns}
        near = [lower[match] for match in get_close_matches(name.lower(), lower, n=3, cutoff=0.6)]
        shown = ", ".join([repr(name[:_NAMED]) for name in self.columns][:_NAMED]) + ", …" * (
            len(self.columns) > _NAMED
        )
        hint = f"Is it {' or '.join(near)}? " if near else ""
        raise ArtbenchError(
            f"{dataset}: {self.file} has no column {name!r}",
            mend=mend or f"{hint}It has {shown}",
        )


def read_table(file: Path, *, dataset: str, encodings: Sequence[str] = _ENCODINGS) -> Table:
    r"""Read CSV (commas, semicolons, tabs or bars; UTF-8, UTF-16 or Windows-1252) or Parquet, all values as text.

    Spaces around names and values are dropped, and so are rows of a CSV without any value. Lists in Parquet become
    text with bars between their values; binary columns, such as images, are left out.

    Args:
        file: File of the table; its suffix tells whether it is Parquet.
        dataset: Name of the dataset, for messages.
        encodings: Encodings of a CSV without a mark of UTF-16, in the order in which they are tried.

    Raises:
        ArtbenchError: The file can't be read, or a row has another number of values than the header; names the line.

    Examples:
        >>> from pathlib import Path
        >>> from artbench.data.authoring import read_table
        >>> size = Path("works.csv").write_text("file;painter\nnight.jpg;Rembrandt\n", encoding="utf-8")
        >>> table = read_table(Path("works.csv"), dataset="works")
        >>> table.column("painter", dataset="works"), list(table.lines)
        (['Rembrandt'], [2])
    """
    with file_errors(f"{dataset}: {file} can't be read"):
        # A pipe would be waited for, a device read without end.
        if not stat.S_ISREG(file.stat().st_mode):
            raise ArtbenchError(f"{dataset}: {file} is not a regular file", mend="Name the file of a table")
    if file.suffix.lower() in (".parquet", ".pq"):
        return _parquet(file, dataset)
    return _csv(file, dataset, *_text(file, dataset, encodings))


def _csv(file: Path, dataset: str, text: str, encoding: str) -> Table:
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)
    rows, lines, begins = [], [], 1
    try:
        for row in reader:
            if "".join(row).strip():
                rows.append(row)
                lines.append(begins)
            begins = reader.line_num + 1
    except csv.Error as error:
        raise ArtbenchError(
            f"{dataset}: {file}, line {reader.line_num}: not CSV ({error})",
            mend="Shorten the value, or close the quotation mark that it begins with",
        ) from error
    if not rows:
        raise ArtbenchError(f"{dataset}: {file} is empty", mend="Its first line should name the columns")
    head = _head(rows[0], file, dataset)
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(head) and any(row[len(head) :] or ["short"]):
            raise ArtbenchError(
                f"{dataset}: {file}, line {line}: {len(row)} values for the {len(head)} columns of line {lines[0]}",
                mend="Put values that hold the delimiter or a line break between double quotes",
            )
    _check_quotes(rows, lines, text, delimiter, where=f"{dataset}: {file}")
    columns = {name: [row[k].strip() for row in rows[1:]] for k, name in enumerate(head)}
    return Table(file=file, columns=columns, lines=lines[1:], encoding=encoding)


def _check_quotes(
    rows: Sequence[Sequence[str]], lines: Sequence[int], text: str, delimiter: str, *, where: str
) -> None:
    """Raise an ArtbenchError if a quotation mark without its second has swallowed rows."""
    width = len(rows[0])
    for row, line in zip(rows, lines, strict=True):
        for value in row:
            # Lines of a text hold delimiters too, but hardly as many as a row.
            inner = value.splitlines()[1:] if width > 1 else []
            if sum(one.count(delimiter) >= width - 1 for one in inner):
                raise ArtbenchError(
                    f"{where}, line {line}: a value in double quotes goes on for {len(inner) + 1:,} lines that look "
                    f"like rows: {value.splitlines()[0][:60]!r}…",
                    mend="Close the quotation mark, or double it within a value",
                )
    if _is_open(text.splitlines()[lines[-1] - 1 :], delimiter):
        raise ArtbenchError(
            f"{where}, line {lines[-1]}: a value begins with a quotation mark that is never closed",
            mend="Close the quotation mark, or double it within a value",
        )


def _is_open(lines: Sequence[str], delimiter: str) -> bool:
    """Whether the last row, from its first line on, ends within quotation marks."""
    try:
        list(csv.reader((f"{line}\n" for line in lines), delimiter=delimiter, strict=True))
    except csv.Error as error:
        return "end of data" in str(error)
    return False


def _head(names: Sequence[str], file: Path, dataset: str) -> list[str]:
    head = [name.strip() for name in names]
    # Some spreadsheets write a delimiter at the end of every line.
    while head and not head[-1]:
        head.pop()
    twice = [name for name, count in Counter(head).items() if count > 1]
    if twice:
        raise ArtbenchError(f"{dataset}: {file} has two columns called {twice[0]!r}", mend="Rename one of them")
    return head


def _text(file: Path, dataset: str, encodings: Sequence[str]) -> tuple[str, str]:
    """Return the text of a file, and its encoding."""
    with file_errors(f"{dataset}: {file} can't be read"):
        if file.stat().st_size > _LARGEST:
            raise ArtbenchError(f"{dataset}: {file} is larger than {_LARGEST // 10**9} GB, too large for a list")
        data = file.read_bytes()
    for start, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), *((b"", name) for name in encodings)):
        if data.startswith(start):
            try:
                return data.decode(encoding), encoding
            except UnicodeDecodeError:
                continue
    raise ArtbenchError(f"{dataset}: {file} is neither UTF-8 nor Windows-1252", mend="Save it as CSV UTF-8")


def _delimiter(text: str) -> str:
    """Find the commonest delimiter outside quotes in the first line; a comma if there is none."""
    head = next((line for line in text.splitlines() if line.strip()), "")
    outside = "".join(head.split('"')[::2])
    return max(_DELIMITERS, key=lambda delimiter: (outside.count(delimiter), delimiter == ","))


def _parquet(file: Path, dataset: str) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file) as opened:
            # Images in the table are not read.
            names = [field.name for field in opened.schema_arrow if not _is_binary(field.type)]
            rows = opened.metadata.num_rows
            table = opened.read(columns=names)
    except (OSError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise ArtbenchError(f"{dataset}: {file} can't be read as Parquet ({reason})") from error
    head = _head(names, file, dataset)
    columns = {name: [_as_text(value) for value in table.column(name).to_pylist()] for name in head}
    return Table(file=file, columns=columns, lines=range(1, rows + 1))


def _is_binary(kind: Any) -> bool:
    import pyarrow as pa

    is_struct: bool = pa.types.is_struct(kind)
    return is_struct or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def _as_text(value: object) -> str:
    if isinstance(value, list):
        return "|".join(map(_as_text, value))
    if value is None or value != value:
        return ""
    return str(value).strip()
