"""Which files of a folder can be looked at: plain files of a sane size, in their place, and nothing else."""

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG

import pyarrow as pa
import pyarrow.parquet as pq

from artbench.errors import ArtbenchError
from artbench.leaderboard.validation.findings import FileFindings
from artbench.records.record import FileState
from artbench.runtime.files import sha256_of

# A record has a few kilobytes, with a hundred rounds a few hundred.
_LARGEST_RECORD = 4 * 1024**2
_LARGEST_TABLE = 512 * 1024**2
_MOST_FILES = 100_000
_LAYOUT = "Only records/TASK/NAME.json and the .parquet files beside it belong here"
_MOST_ROWS = 10**7
_MOST_BYTES = 2 * 1024**3
# Readers look for it at the end alone.
_MAGIC = b"PAR1"
# What Arrow writes for itself; anything else could carry what nobody asked for, such as names of files.
_OWN_METADATA = {b"ARROW:schema"}


@dataclass(frozen=True)
class Files:
    """What is there to be looked at.

    Attributes:
        root: The folder of records: `records/`.
        records: The JSON files in it, below `root`.
        tables: The Parquet files in it, below `root`.
    """

    root: Path
    records: tuple[str, ...]
    tables: frozenset[str]


def survey(folder: Path, findings: list[FileFindings]) -> Files:
    """Look at the names, kinds and sizes of all files; no file is opened, and no link is followed.

    Args:
        folder: A results folder, or its `records/`.
        findings: What is found is added to them.

    Raises:
        ArtbenchError: There is no folder of records.
    """
    within = folder / "records"
    root = folder if _kind(within) is None and folder.resolve().name == "records" else within
    if not S_ISDIR(_kind(root) or 0):
        raise ArtbenchError(
            f"no folder of records in {folder}", mend="Name a results folder, as `artbench run` writes it"
        )
    records, tables = [], set()
    for count, (name, entry) in enumerate(_walk(root, findings)):
        if count >= _MOST_FILES:
            _add(findings, name, f"there are more than {_MOST_FILES:,} files; the rest was not looked at", _LAYOUT)
            break
        problem, mend = _problem(name, entry)
        if problem:
            _add(findings, name, problem, mend)
        elif name.endswith(".json"):
            records.append(name)
        else:
            tables.add(name)
    return Files(root=root, records=tuple(sorted(records)), tables=frozenset(tables))


def _kind(path: Path) -> int | None:
    try:
        return path.lstat().st_mode
    except (OSError, ValueError):
        return None


def _walk(root: Path, findings: list[FileFindings]) -> Iterator[tuple[str, os.stat_result]]:
    """All that is not a folder in its place, by its path below `root`."""
    for task in sorted(os.scandir(root), key=lambda entry: entry.name):
        if not task.is_dir(follow_symlinks=False):
            yield task.name, task.stat(follow_symlinks=False)
            continue
        try:
            within = sorted(os.scandir(task), key=lambda entry: entry.name)
        except OSError as error:
            _add(findings, task.name, f"the folder can't be read ({error.strerror})", "Make it readable")
            continue
        for entry in within:
            yield f"{task.name}/{entry.name}", entry.stat(follow_symlinks=False)


def _problem(name: str, state: os.stat_result) -> tuple[str, str]:
    """Why a file is not looked at, and the mend; two empty texts where it is."""
    if S_ISLNK(state.st_mode):
        return "it is a symbolic link, which is not followed", "Put the file itself in its place"
    if S_ISDIR(state.st_mode):
        return "it is a folder, where only files belong", _LAYOUT
    if not S_ISREG(state.st_mode):
        return "it is not a plain file", _LAYOUT
    if "/" not in name or not name.endswith((".json", ".parquet")):
        return "it is not part of a record", _LAYOUT
    most = _LARGEST_RECORD if name.endswith(".json") else _LARGEST_TABLE
    if state.st_size > most:
        return (f"it has {state.st_size:,} bytes, and more than {most:,} are not read", "Submit what artbench wrote")
    return "", ""


def _add(findings: list[FileFindings], name: str, what: str, mend: str) -> None:
    about = FileFindings(name)
    about.fault(what, mend)
    findings.append(about)


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
