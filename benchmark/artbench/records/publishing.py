"""A record as it is given to others: image ids as digests, everything else as it was."""

import hashlib
import re
import shutil
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from artbench.errors import ArtbenchError
from artbench.records.folder import ResultsFolder, write_record
from artbench.records.predictions import read_predictions
from artbench.records.record import FileState, Record
from artbench.runtime.files import atomic_write, sha256_of

_PREFIX = "sha256:"
# 64 bits: two of a million images share a digest with a probability below one in ten million.
_DIGITS = 16
_DIGEST = re.compile(rf"{_PREFIX}[0-9a-f]{{{_DIGITS}}}")


def publish(record: Record, source: ResultsFolder, target: ResultsFolder) -> Path:
    """Copy a record, its predictions and its tables to another folder, the ids of images replaced by their digests.

    Every metric, prediction and id of a record stays; only the digest of the predictions' file is another. A record
    of the same measurement is replaced.

    Args:
        record: One of `source`.
        source: Where it is.
        target: Where it goes.

    Returns:
        The file of the copy.

    Raises:
        ArtbenchError: A file beside the record is missing or another than the record names, or can't be written.
    """
    old, new = source.file_of(record), target.file_of(record)
    try:
        read_predictions(old.with_suffix(".parquet"), record)
    except ArtbenchError as error:
        raise ArtbenchError(f"{old}: {error.message}", mend="Run it again, with --fresh") from error
    try:
        table = pq.read_table(old.with_suffix(".parquet"))
        digests = pa.array(image_digests(table["image"].to_pylist()), pa.string())
        # Without the metadata of whatever has written it.
        table = table.set_column(table.column_names.index("image"), "image", digests).replace_schema_metadata(None)
        with atomic_write(new.with_suffix(".parquet")) as temporary:
            pq.write_table(table, temporary, compression="zstd")
        for name, state in record.tables.items():
            suffix = f".{name}.parquet"
            if sha256_of(old.with_suffix(suffix)) != state.sha256:
                raise ArtbenchError(
                    f"{old.with_suffix(suffix)} is not the table it was written as", mend="Run it again"
                )
            if old != new:
                with atomic_write(new.with_suffix(suffix)) as temporary:
                    shutil.copyfile(old.with_suffix(suffix), temporary)
        written = FileState(sha256=sha256_of(new.with_suffix(".parquet")), rows=len(table))
        write_record(new, record.model_copy(update={"predictions": written}))
    except OSError as error:
        raise ArtbenchError(
            f"{old.name} can't be copied to {new.parent} ({error.strerror})", mend="Name another folder with --out"
        ) from error
    return new


def image_digest(image: str) -> str:
    """`sha256:` and the first 16 hexadecimal digits of the SHA-256 of an id's UTF-8; what is a digest stays as it is.

    There is no salt in it: whoever has the dataset can tell which image is meant.
    """
    if _DIGEST.fullmatch(image):
        return image
    return _PREFIX + hashlib.sha256(image.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def image_digests(images: Iterable[str]) -> list[str]:
    """Of each image; the same list for the ids of some images and for their digests."""
    return [image_digest(image) for image in images]


@lru_cache(maxsize=8)
def list_digest(images: tuple[str, ...]) -> str:
    """SHA-256 of a list of images, the same for ids and for their digests; 64 hexadecimal digits.

    The records of a leaderboard have one list in common, which is why the last few are remembered.
    """
    return hashlib.sha256("\0".join(image_digests(images)).encode()).hexdigest()
