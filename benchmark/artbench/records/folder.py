"""A results folder: `records/TASK/*.json`, with predictions and tables as `*.parquet` beside them."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import get_args

from pydantic import ValidationError

from artbench.errors import ArtbenchError
from artbench.records.invalid import why_invalid
from artbench.records.predictions import TestPredictions
from artbench.records.record import SCHEMA, FileState, Record, TableName
from artbench.records.tables import Tables, write_table
from artbench.runtime.files import file_errors, sha256_of, write_text
from artbench.runtime.lease import check_held
from artbench.runtime.progress import Reporter, Silent
from artbench.runtime.temporaries import abandoned, remove_abandoned, temporary_file, temporary_folder
from artbench.runtime.untrusted import is_regular, read_regular, strict_json

# Longest part of a file name, as file systems allow 255 bytes in all; the id keeps shortened names apart.
_LONGEST = 80
# Bytes of the largest record that is read; one has a few kilobytes, with a hundred rounds a few hundred.
LARGEST_RECORD = 4 << 20
_VERSION = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})*")


@dataclass(frozen=True)
class ResultsFolder:
    """A folder of records, created when the first record is written."""

    path: Path

    def check_writable(self) -> None:
        """Raise ArtbenchError if records can't be written, before the work is done."""
        with file_errors(f"the results folder {self.path} is not writable", mend="Name another with --results"):
            attempt = self.path / "records" / "writable"
            attempt.parent.mkdir(parents=True, exist_ok=True)
            remove_abandoned(attempt.parent, attempt.name)
            # A name of its own for each call, as runs may start side by side.
            with temporary_file(attempt) as made:
                made.unlink()

    def settle(self) -> None:
        """Finish what killed processes left: files that a record already names are put in place, others removed.

        Raises:
            ArtbenchError: The folder of records is a link.
        """
        for task in self._folders():
            for left in abandoned(task):
                for made in left.glob("*.parquet"):
                    # Of predictions and tables: only the former have the name of the record.
                    file = task / made.with_suffix(".json").name
                    with suppress(OSError, ArtbenchError):
                        if _put_in_place(left, file, read_record(file)):
                            os.utime(file)  # So that a page which was made without them is the older one.
            # If this process had been succeeded, they would not be in place.
            check_held()
            remove_abandoned(task)

    def records(self, reporter: Reporter) -> Iterator[Record]:
        """Yield all records by file name, with a notice for each file that can't be read.

        Of several files with the same measurement, the one with the name that it asks for counts.

        Raises:
            ArtbenchError: The folder of records is a link.
        """
        found: dict[str, tuple[Path, Record]] = {}
        for file in self.files():
            try:
                record = read_record(file)
            except ArtbenchError as error:
                reporter.notice(f"left out: {error}")
                continue
            known, _ = found.get(record.id, (file, record))
            counts = file if file == self.file_of(record) else known
            if known != file:
                other = known if counts == file else file
                reporter.notice(f"left out: {other} is of the same measurement as {counts.name}")
            if counts == file:
                found[record.id] = file, record
        yield from (record for _, record in found.values())

    def files(self) -> dict[Path, int]:
        """Return what is named as a record, by name, each with the time in ns when it was written."""
        found = sorted(file for folder in self._folders() for file in folder.glob("*.json"))
        times: dict[Path, int] = {}
        for file in found:
            with suppress(FileNotFoundError):  # It was removed or replaced meanwhile.
                times[file] = file.lstat().st_mtime_ns
        return times

    def _folders(self) -> list[Path]:
        """Return the folders of tasks; one that is a link is not entered."""
        records = self.path / "records"
        if records.is_symlink():
            problem = f"{records} is a symbolic link, which is not followed"
            raise ArtbenchError(problem, mend="Put the folder itself there")
        return [folder for folder in records.glob("*/") if not folder.is_symlink()]

    def newer_than(self, page: Path) -> bool:
        """Whether a record was written after a page, or the page is missing although there are records."""
        times = self.files().values()
        return bool(times) and (not page.is_file() or max(times) > page.stat().st_mtime_ns)

    def file_of(self, record: Record) -> Path:
        """Return the file of a record."""
        name = ".".join(_plain(part)[:_LONGEST] for part in (record.backbone, record.pretraining, record.id))
        return self.path / "records" / _plain(record.task)[:_LONGEST] / f"{name}.json"

    def predictions_of(self, record: Record) -> Path:
        """Return the file of a record's predictions."""
        return self.file_of(record).with_suffix(".parquet")

    def write(self, record: Record, predictions: TestPredictions, tables: Tables | None = None) -> Record:
        """Write predictions, tables and the record, in the place of an earlier one, and return the record as written.

        All replace the earlier ones at once, when the record is renamed: until then predictions and tables are in a
        temporary folder, and from then on they count by their digests, which the record has. If the process is killed
        before they are in place, `settle` puts them there.

        Raises:
            ArtbenchError: The folder can't be written.
        """
        file = self.file_of(record)
        mend = "Free or name another folder with --results; the features are kept"
        with file_errors(f"the record can't be written to {file}", mend=mend):
            file.parent.mkdir(parents=True, exist_ok=True)
            with temporary_folder(file) as made:
                try:
                    made_predictions = made / file.with_suffix(".parquet").name
                    predictions.write(made_predictions)
                    written = FileState(sha256=sha256_of(made_predictions), rows=len(predictions.images))
                    beside = {}
                    for name, columns in (tables or {}).items():
                        table = made / file.with_suffix(f".{name}.parquet").name
                        write_table(table, columns)
                        beside[name] = FileState(sha256=sha256_of(table), rows=len(next(iter(columns.values()))))
                    whole = write_record(file, record.model_copy(update={"predictions": written, "tables": beside}))
                except BaseException:
                    shutil.rmtree(made, ignore_errors=True)
                    raise
                _put_in_place(made, file, whole)
            return whole

    def is_whole(self, record: Record) -> bool:
        """Whether the files that a record names are beside it, as they were written."""
        return all(_is_file_of(self.file_of(record).with_suffix(suffix), state) for suffix, state in _files_of(record))


def read_record(file: Path) -> Record:
    """Read and check one record.

    Raises:
        ArtbenchError: The file is missing, or not a valid record of a known schema.
    """
    try:
        text = read_regular(file, most=LARGEST_RECORD).decode("utf-8")
        content = strict_json(text)
    except FileNotFoundError as error:
        raise ArtbenchError(f"there is no record {file}", mend="`artbench run` prints where it writes them") from error
    except OSError as error:
        raise ArtbenchError(f"{file} can't be read ({error.strerror or error})") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise ArtbenchError(f"{file} can't be read as JSON ({error})") from error
    schema = content.get("schema") if isinstance(content, dict) else None
    if type(schema) is not int:  # Python takes true for 1.
        raise ArtbenchError(f"{file} is not a valid record: it has no schema")
    if schema > SCHEMA:
        raise ArtbenchError(
            f"{file} has schema {schema}, this version of artbench reads up to {SCHEMA}", mend="Upgrade artbench"
        )
    try:
        # Strict: no numbers as text, no booleans as numbers.
        return Record.model_validate_json(text, strict=True)
    except ValidationError as error:
        provenance = content.get("provenance")
        newer = provenance.get("artbench") if isinstance(provenance, dict) else None
        if isinstance(newer, str) and is_newer(newer):
            raise ArtbenchError(
                f"{file} was made by artbench {newer}, which is newer than this one", mend="Upgrade artbench"
            ) from error
        raise ArtbenchError(f"{file} is not a valid record: {why_invalid(error)}") from error


def is_newer(made: str) -> bool:
    """Whether the version of artbench that a record says it was made by is newer than this one."""
    return len(made) <= _LONGEST and _numbers(made) > _numbers(version("artbench"))


def _numbers(release: str) -> tuple[int, ...]:
    found = _VERSION.match(release)
    return () if found is None else tuple(map(int, found[0].split(".")))


def write_record(file: Path, record: Record) -> Record:
    """Write the JSON of a record, and return the record as it will be read.

    Raises:
        ArtbenchError: It is larger than what is read.
        OSError: It can't be written.
    """
    content = record.as_json()
    # Validate once more, so that nothing is written that can't be read.
    checked = Record.model_validate(content)
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    if (size := len(text.encode())) > LARGEST_RECORD:
        problem = f"a record of {size:,} bytes can't be kept: at most {LARGEST_RECORD:,} are read"
        raise ArtbenchError(problem, mend="Measure fewer draws or splits at once")
    write_text(file, text)
    return checked


def _files_of(record: Record) -> list[tuple[str, FileState]]:
    """Return suffix and state of each file beside a record."""
    files = [] if record.predictions is None else [(".parquet", record.predictions)]
    return [*files, *((f".{name}.parquet", state) for name, state in record.tables.items())]


def _is_file_of(file: Path, state: FileState) -> bool:
    try:
        return is_regular(file) and sha256_of(file) == state.sha256
    except OSError:
        return False


def _put_in_place(made: Path, file: Path, record: Record) -> bool:
    """Move the files that a record names from a temporary folder to their places beside its own; say if any was there.

    Raises:
        OSError: One can't be moved; what is left stays in the folder.
        LeaseLost: Another process has taken over what this one was doing.
    """
    moved = False
    for suffix, state in _files_of(record):
        new = made / file.with_suffix(suffix).name
        if _is_file_of(new, state):
            check_held()
            new.replace(file.with_suffix(suffix))
            moved = True
    for table in set(get_args(TableName)) - record.tables.keys():  # Those of an earlier record.
        file.with_suffix(f".{table}.parquet").unlink(missing_ok=True)
    shutil.rmtree(made, ignore_errors=True)
    return moved


_plain = partial(re.sub, r"[^A-Za-z0-9_+-]+", "_")


class ResultsIndex:
    """The records of a results folder, read once and updated with each record that is written.

    Args:
        folder: The results folder.
        reporter: Receives a notice for each file that can't be read.
    """

    def __init__(self, folder: ResultsFolder, reporter: Reporter) -> None:
        self.folder = folder
        folder.settle()
        self.records = list(folder.records(reporter))
        self.new: set[str] = set()
        self._reporter = reporter
        # Ids of records whose files have been looked at.
        self._whole: set[str] = set()
        self._damaged: set[str] = set()

    def look_again(self) -> None:
        """Read also what other runs have written since."""
        self.records = list(self.folder.records(Silent()))

    def find(self, board: tuple[str, int, str, str], is_meant: Callable[[Record], bool]) -> Record | None:
        """Return the newest record of a leaderboard (`Record.board`) for which `is_meant` holds; None without one.

        One whose predictions or tables are missing or damaged does not count; a notice says so once.
        """
        found = [record for record in self.records if record.board == board and is_meant(record)]
        newest = max(found, key=lambda record: record.provenance.created, default=None)
        if newest is None or newest.id in self._whole:
            return newest
        if self.folder.is_whole(newest):
            self._whole.add(newest.id)
            return newest
        if newest.id not in self._damaged:
            self._damaged.add(newest.id)
            self._reporter.notice(
                f"predictions or tables of {self.folder.file_of(newest)} are missing or damaged: it is measured again"
            )
        return None

    def enter(self, record: Record, predictions: TestPredictions, tables: Tables | None = None) -> Record:
        """Write a record, its predictions and tables, replacing one of the same measurement.

        Raises:
            ArtbenchError: The folder can't be written.
        """
        written = self.folder.write(record, predictions, tables)
        self.records = [*(other for other in self.records if other.id != written.id), written]
        self.new.add(written.id)
        self._whole.add(written.id)
        return written
