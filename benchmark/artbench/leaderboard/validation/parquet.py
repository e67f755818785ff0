"""Parquet files from anybody: what their footer promises is looked at before anything of them is read."""

from collections.abc import Collection
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from artbench.errors import ArtbenchError
from artbench.records.folder import sha256_of
from artbench.records.record import FileState

_MOST_ROWS = 10**7
_MOST_BYTES = 2 * 1024**3
# Readers look for it at the end alone.
_MAGIC = b"PAR1"
# What Arrow writes for itself; anything else could carry what nobody asked for, such as names of files.
_OWN_METADATA = {b"ARROW:schema"}


def check_parquet(file: Path, state: FileState, columns: Collection[str]) -> None:
    """Refuse a file that is not the one on record, or that is not worth reading.

    Args:
        file: The file; of a size that is sane.
        state: What the record says of it.
        columns: The columns it must have, no more and no fewer.

    Raises:
        ArtbenchError: Says why, in a few words.
    """
    try:
        if sha256_of(file) != state.sha256:
            raise ArtbenchError("its SHA-256 is not the one on record")
        with file.open("rb") as content:
            if content.read(len(_MAGIC)) != _MAGIC:
                raise ArtbenchError("it is not a Parquet file")
        footer = pq.read_metadata(file)
        schema = footer.schema.to_arrow_schema()
        size = sum(footer.row_group(number).total_byte_size for number in range(footer.num_row_groups))
    except (OSError, ValueError, TypeError, KeyError, pa.ArrowException, MemoryError) as error:
        raise ArtbenchError(f"it can't be read ({' '.join(str(error).split())[:200]})") from error
    if footer.num_rows != state.rows:
        raise ArtbenchError(f"it has {footer.num_rows:,} rows, on record it has {state.rows:,}")
    if footer.num_rows > _MOST_ROWS or not 0 <= size <= _MOST_BYTES:
        raise ArtbenchError(f"its {footer.num_rows:,} rows of {size:,} bytes in all are too many to read")
    if sorted(schema.names) != sorted(columns):
        raise ArtbenchError(f"it has the columns {', '.join(schema.names)}, not {', '.join(columns)}")
    if set(footer.metadata or {}) - _OWN_METADATA or schema.metadata:
        raise ArtbenchError("it carries metadata that artbench does not write")
