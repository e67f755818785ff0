"""Which files of a submitted folder are safe to read: regular files of bounded size in the expected layout."""

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG

from artbench.errors import ArtbenchError
from artbench.leaderboard.validation.findings import FileFindings
from artbench.records.folder import LARGEST_RECORD
from artbench.records.parquet import LARGEST_TABLE, StoredTable
from artbench.records.record import FileState
from artbench.runtime.findings import Finding
from artbench.runtime.untrusted import check_unlinked

_MOST_FILES = 100_000
_LAYOUT = "Only records/TASK/NAME.json and the .parquet files beside it belong here"


@dataclass(frozen=True)
class Files:
    """Files to check: JSON files (`records`) and Parquet files (`tables`), by path below the folder `root`."""

    root: Path
    records: tuple[str, ...]
    tables: frozenset[str]


def survey(folder: Path, findings: list[Finding]) -> Files:
    """List all files of a results folder, or of its `records/`, without opening a file or following a link.

    Raises:
        ArtbenchError: There is no folder of records, or it is a link.
    """
    check_unlinked(folder)
    within = folder / "records"
    root = folder if _kind(within) is None and folder.resolve().name == "records" else within
    if not S_ISDIR(_kind(root) or 0):
        raise ArtbenchError(
            f"no folder of records in {folder}", mend="Name a results folder, as `artbench run` writes it"
        )
    records, tables = [], set()
    for count, (name, entry) in enumerate(_walk(root, findings)):
        if count >= _MOST_FILES:
            problem = f"there are more than {_MOST_FILES:,} files; the rest was not checked"
            FileFindings(name, findings).fault(problem, _LAYOUT)
            break
        problem, mend = _problem(name, entry)
        if problem:
            FileFindings(name, findings).fault(problem, mend)
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


def _walk(root: Path, findings: list[Finding]) -> Iterator[tuple[str, os.stat_result]]:
    """Yield everything but the folders of tasks, by path below `root`."""
    for task in sorted(os.scandir(root), key=lambda entry: entry.name):
        if not task.is_dir(follow_symlinks=False):
            yield task.name, task.stat(follow_symlinks=False)
            continue
        try:
            within = sorted(os.scandir(task), key=lambda entry: entry.name)
        except OSError as error:
            problem = f"the folder can't be read ({error.strerror})"
            FileFindings(task.name, findings).fault(problem, "Make it readable")
            continue
        for entry in within:
            yield f"{task.name}/{entry.name}", entry.stat(follow_symlinks=False)


def _problem(name: str, state: os.stat_result) -> tuple[str, str]:
    """Say why a file is not read, and what to do about it; two empty texts if it is."""
    if S_ISLNK(state.st_mode):
        return "symbolic links are not followed", "Submit the file itself"
    if S_ISDIR(state.st_mode):
        return "there must be no folder here", _LAYOUT
    if not S_ISREG(state.st_mode):
        return "it is not a regular file", _LAYOUT
    if "/" not in name or not name.endswith((".json", ".parquet")):
        return "it does not belong to a record", _LAYOUT
    most = LARGEST_RECORD if name.endswith(".json") else LARGEST_TABLE
    if state.st_size > most:
        return f"it has {state.st_size:,} bytes, and more than {most:,} are not read", "Submit what artbench wrote"
    return "", ""


def check_parquet(file: Path, state: FileState, columns: Collection[str], *, flat: bool = False) -> StoredTable:
    """Open a Parquet file that is the one which the record names and has exactly these columns, `flat` ones if asked.

    Raises:
        ArtbenchError: The message says why in a few words.
    """
    try:
        stored = StoredTable(file, state)
    except FileNotFoundError as error:
        raise ArtbenchError("it is missing") from error
    if sorted(stored.columns) != sorted(columns):
        raise ArtbenchError(f"it has the columns {', '.join(stored.columns)}, not {', '.join(columns)}")
    if flat and stored.lists:
        raise ArtbenchError("a row of a column has several values")
    if stored.metadata:
        raise ArtbenchError("it has metadata that artbench does not write")
    return stored
