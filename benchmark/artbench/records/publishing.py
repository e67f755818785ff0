"""Publishes records: image ids are replaced by digests, everything else stays."""

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from artbench.errors import ArtbenchError
from artbench.records.folder import ResultsFolder, write_record
from artbench.records.parquet import LARGEST_TABLE
from artbench.records.predictions import read_predictions
from artbench.records.record import FileState, Record, TableName
from artbench.runtime.files import atomic_write, file_errors, sha256_of
from artbench.runtime.untrusted import read_regular

_PREFIX = "sha256:"
# 64 bits: any two of a million images share a digest with a probability below one in ten million.
_DIGITS = 16
_DIGEST = re.compile(rf"{_PREFIX}[0-9a-f]{{{_DIGITS}}}")


def publish(record: Record, source: ResultsFolder, target: ResultsFolder) -> Path:
    """Copy a record, its predictions and tables to another folder, with digests for image ids, and return its file.

    Only the digest of the predictions' file changes in the record. A record of the same measurement is replaced.

    Raises:
        ArtbenchError: A file beside the record is missing or not the one that it names, or can't be written.
    """
    old, new = source.file_of(record), target.file_of(record)
    try:
        read_predictions(old.with_suffix(".parquet"), record)
        copies = {name: _table_of(old, name, state) for name, state in record.tables.items()}
    except ArtbenchError as error:
        raise ArtbenchError(f"{old}: {error.message}", mend="Run it again, with --fresh") from error
    with file_errors(f"{old.name} can't be copied to {new.parent}", mend="Name another folder with --out"):
        table = pq.read_table(old.with_suffix(".parquet"))
        digests = pa.array(image_digests(table["image"].to_pylist()), pa.string())
        # Without metadata of other writers.
        table = table.set_column(table.column_names.index("image"), "image", digests).replace_schema_metadata(None)
        with atomic_write(new.with_suffix(".parquet")) as temporary:
            pq.write_table(table, temporary, compression="zstd")
        for name, data in copies.items():
            if old != new:
                with atomic_write(new.with_suffix(f".{name}.parquet")) as temporary:
                    temporary.write_bytes(data)
        written = FileState(sha256=sha256_of(new.with_suffix(".parquet")), rows=len(table))
        write_record(new, record.model_copy(update={"predictions": written}))
    return new


def _table_of(record: Path, name: TableName, state: FileState) -> bytes:
    """Return the bytes of a table beside the file of a record; raise ArtbenchError if they are others."""
    table = record.with_suffix(f".{name}.parquet")
    try:
        data = read_regular(table, most=LARGEST_TABLE)
    except OSError as error:
        raise ArtbenchError(f"{table.name} can't be read ({error.strerror or error})") from error
    if hashlib.sha256(data).hexdigest() != state.sha256:
        raise ArtbenchError(f"{table.name} has changed since it was written")
    return data


def image_digests(images: Iterable[str]) -> list[str]:
    """Return `sha256:` and 16 hexadecimal digits of the SHA-256 of each image id; digests stay as they are.

    They are not salted: whoever has the dataset can tell which image is meant.
    """

    def digest(image: str) -> str:
        return _PREFIX + hashlib.sha256(image.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]

    return [image if _DIGEST.fullmatch(image) else digest(image) for image in images]


@lru_cache(maxsize=8)
def list_digest(images: tuple[str, ...]) -> str:
    """Return the SHA-256 of a list of images, the same for ids and for their digests.

    Cached, since the records of a leaderboard share one list.
    """
    return hashlib.sha256("\0".join(image_digests(images)).encode()).hexdigest()
