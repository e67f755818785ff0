"""Parquet files beside a record, which anybody may have written: read whole, within what the record lets expect."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from artbench.errors import ArtbenchError
from artbench.records.record import FileState
from artbench.runtime.untrusted import memory_limit, read_regular

# Bytes of a file, and rows.
LARGEST_TABLE = 1280 << 20
MOST_ROWS = 10**7
# Bytes of a footer, which has a few thousand: a reader of millions needs so much memory that it may end the process.
_LARGEST_FOOTER = 1 << 20
# Bytes of one text, such as the id of an image, and in the mean of all rows, beside what few rows may take.
_LONGEST_TEXT = 4_096
_MEAN_TEXT = 256
# Memory for reading a file: a few bytes of it can stand for gigabytes, in ways that no footer tells.
_ROOM = 256 << 20
_ROOM_PER_VALUE = 32


class OtherFileError(ArtbenchError):
    """A file is not the one that the record names."""


class StoredTable:
    """A Parquet file that is the one which a record names; nothing but its footer is decoded before `read`.

    Args:
        file: The file.
        state: What the record says of it.
        largest: Bytes of the largest file that is read.

    Attributes:
        columns: Names of its columns.
        bytes: Size of the file.
        metadata: Whether it has metadata beside Arrow's own, which could carry private data such as file names.
        lists: Whether rows of a column have several values.

    Raises:
        FileNotFoundError: There is no file.
        ArtbenchError: It is another file, no Parquet, or can't be read; the message says why in a few words.
    """

    def __init__(self, file: Path, state: FileState, *, largest: int = LARGEST_TABLE) -> None:
        try:
            data = read_regular(file, most=largest)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise ArtbenchError(f"it can't be read ({error.strerror or error})") from error
        if hashlib.sha256(data).hexdigest() != state.sha256:
            raise OtherFileError("its SHA-256 is not the one in the record")
        # Readers look for it only at the end of a file.
        if not data.startswith(b"PAR1"):
            raise ArtbenchError("it is not a Parquet file")
        # Readers look for its size before the last four bytes.
        if (footer_size := int.from_bytes(data[-8:-4], "little")) > _LARGEST_FOOTER:
            raise ArtbenchError(f"its footer has {footer_size:,} bytes, and more than {_LARGEST_FOOTER:,} are not read")
        try:
            with memory_limit(_ROOM):
                footer = pq.read_metadata(pa.BufferReader(data))
                schema = footer.schema.to_arrow_schema()
        except (OSError, ValueError, TypeError, KeyError, pa.ArrowException, MemoryError) as error:
            raise _unreadable(error) from error
        if footer.num_rows != state.rows:
            raise ArtbenchError(f"it has {footer.num_rows:,} rows; the record says {state.rows:,}")
        if not 0 < footer.num_rows <= MOST_ROWS:
            raise ArtbenchError(f"it has {footer.num_rows:,} rows, and from 1 to {MOST_ROWS:,} are read")
        self._data, self._rows, self.bytes = data, int(footer.num_rows), len(data)
        self.columns: list[str] = schema.names
        own = (schema, *schema)
        self.metadata = bool(set(footer.metadata or {}) - {b"ARROW:schema"} or any(_told(one.metadata) for one in own))
        self.lists = any(pa.types.is_nested(field.type) for field in schema)
        self._texts = [field.name for field in schema if pa.types.is_string(field.type)]

    def read(self, *, values_per_row: int = 1) -> pa.Table:
        """Decode the columns.

        Args:
            values_per_row: Most values that a row of a column may have.

        Raises:
            ArtbenchError: It can't be decoded within the memory that so many rows and values may take.
        """
        values = self._rows * (values_per_row + len(self.columns))
        try:
            with memory_limit(_ROOM + _ROOM_PER_VALUE * values):
                # Texts stay numbers until their sizes are known: one text can stand in every row.
                opened = pq.ParquetFile(pa.BufferReader(self._data), read_dictionary=self._texts)
                table = opened.read(use_threads=False)
                for name in self._texts:
                    column = _decoded(table[name].combine_chunks())
                    table = table.set_column(table.column_names.index(name), name, column)
        except (OSError, ValueError, TypeError, KeyError, pa.ArrowException, MemoryError) as error:
            raise _unreadable(error) from error
        return table


def _told(metadata: Mapping[bytes, bytes] | None) -> set[bytes]:
    """Return the keys of metadata that a reader does not make itself."""
    return set(metadata or {}) - {b"PARQUET:field_id"}


def _decoded(column: pa.Array) -> pa.Array:
    if not pa.types.is_dictionary(column.type):
        return column
    lengths = pc.binary_length(column.dictionary)
    check_texts(pc.max(lengths).as_py() or 0, pc.sum(pc.take(lengths, column.indices)).as_py() or 0, len(column))
    return column.dictionary_decode()


def check_texts(longest: int, whole: int, rows: int) -> None:
    """Raise ValueError if the texts of a column would not be read, by the bytes of the longest and of all."""
    if longest > _LONGEST_TEXT:
        raise ValueError(f"a text has more than {_LONGEST_TEXT:,} bytes")
    if whole > _ROOM // 4 + _MEAN_TEXT * rows:
        raise ValueError(f"its texts have {whole:,} bytes, too many for {rows:,} rows")


def _unreadable(error: Exception) -> ArtbenchError:
    if isinstance(error, MemoryError):
        return ArtbenchError("it takes more memory than such a file may")
    return ArtbenchError(f"it can't be read ({' '.join(str(error).split())[:200]})")
