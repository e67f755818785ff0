"""The records behind a report, put beside its pages."""

from collections.abc import Iterable
from pathlib import Path

from artbench.records.folder import ResultsFolder, sha256_of
from artbench.records.record import Record
from artbench.runtime.files import replacing


def copy_records(records: Iterable[Record], results: ResultsFolder, *, out: Path) -> ResultsFolder:
    """Copy records and their tables by class, not their predictions, so that the folder can be given away whole.

    Returns:
        The report's folder as a folder of results.

    Raises:
        OSError: It can't be written.
    """
    copies = ResultsFolder(out)
    for record in records:
        here, there = results.file_of(record), copies.file_of(record)
        for name in ("", *(f".{table}" for table in record.tables)):
            suffix = f"{name}.parquet" if name else ".json"
            _copy(here.with_suffix(suffix), there.with_suffix(suffix))
    return copies


def _copy(source: Path, target: Path) -> None:
    """Copy a file that is there."""
    if not source.is_file() or (target.is_file() and sha256_of(source) == sha256_of(target)):
        return
    with replacing(target) as temporary:
        temporary.write_bytes(source.read_bytes())
