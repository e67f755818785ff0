"""A record as it is given to others: image ids as digests, everything else as it was."""

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from artbench.errors import ArtbenchError
from artbench.records.folder import ResultsFolder, sha256_of, write_record
from artbench.records.images import image_digests
from artbench.records.record import FileState, Record
from artbench.records.stored import read_predictions
from artbench.runtime.files import replacing


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
        with replacing(new.with_suffix(".parquet")) as temporary:
            pq.write_table(table, temporary, compression="zstd")
        for name, state in record.tables.items():
            suffix = f".{name}.parquet"
            if sha256_of(old.with_suffix(suffix)) != state.sha256:
                raise ArtbenchError(
                    f"{old.with_suffix(suffix)} is not the table it was written as", mend="Run it again"
                )
            if old != new:
                with replacing(new.with_suffix(suffix)) as temporary:
                    shutil.copyfile(old.with_suffix(suffix), temporary)
        written = FileState(sha256=sha256_of(new.with_suffix(".parquet")), rows=len(table))
        write_record(new, record.model_copy(update={"predictions": written}))
    except OSError as error:
        raise ArtbenchError(
            f"{old.name} can't be copied to {new.parent} ({error.strerror})", mend="Name another folder with --out"
        ) from error
    return new
