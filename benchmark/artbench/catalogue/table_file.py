"""A table that is written block by block, as CSV or Parquet by its name, whole or not at all."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from artbench.errors import UsageError
from artbench.runtime.files import atomic_write, file_errors
from artbench.runtime.text import spreadsheet_text

_SUFFIXES = (".csv", ".parquet")


class TableFile(Protocol):
    """Where rows are written to."""

    def write(self, columns: Mapping[str, Sequence[Any]], /) -> None:
        """Append rows: a sequence of equal length for each column, with None for an empty cell."""


def check_table_file(path: Path) -> None:
    """Raise a UsageError unless a table can be written there: a new file of a known kind, in a folder that is there."""
    if path.suffix.lower() not in _SUFFIXES:
        raise UsageError(f"{path} is neither a .csv nor a .parquet", mend="Name the file so, by what it is to be")
    if path.exists() or path.is_symlink():
        raise UsageError(
            f"{path} is there already", mend="Name another file, or remove it: somebody may have edited it"
        )
    if not path.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {path.absolute().parent}", mend="Make it first, or name another")


@contextmanager
def table_file(path: Path, columns: Mapping[str, bool]) -> Iterator[TableFile]:
    """Write a table to a temporary file, which is renamed when the block ends without an error.

    In a CSV, in UTF-8, what a spreadsheet would take for a formula gets an apostrophe before it.

    Args:
        path: File, which ends in `.csv` or `.parquet`.
        columns: Name of each column, and whether it holds numbers.

    Raises:
        ArtbenchError: It can't be written.
    """
    with (
        file_errors(f"{path} can't be written", mend="What was computed is kept: free the disk, or name another file"),
        atomic_write(path) as temporary,
    ):
        if path.suffix.lower() == ".csv":
            with temporary.open("w", encoding="utf-8", newline="") as text:
                yield _Csv(text, columns)
            return
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = pa.schema([(name, pa.float64() if number else pa.string()) for name, number in columns.items()])
        with pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
            yield _Parquet(writer, schema)


class _Csv:
    def __init__(self, file: Any, columns: Mapping[str, bool]) -> None:
        self._writer, self._columns = csv.writer(file, lineterminator="\n"), columns
        self._writer.writerow(columns)

    def write(self, columns: Mapping[str, Sequence[Any]], /) -> None:
        cells = [map(_number if number else _text, columns[name]) for name, number in self._columns.items()]
        self._writer.writerows(zip(*cells, strict=True))


def _text(value: str | None) -> str:
    return "" if value is None else spreadsheet_text(value)


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.10g}"


class _Parquet:
    def __init__(self, writer: Any, schema: Any) -> None:
        self._writer, self._schema = writer, schema

    def write(self, columns: Mapping[str, Sequence[Any]], /) -> None:
        import pyarrow as pa

        arrays = [pa.array(columns[field.name], field.type) for field in self._schema]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
