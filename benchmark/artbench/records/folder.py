"""A results folder: `records/TASK/*.json`, with predictions and tables as `*.parquet` beside them."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from pydantic import ValidationError

from artbench.errors import ArtbenchError
from artbench.records.predictions import TestPredictions
from artbench.records.record import SCHEMA, FileState, Record
from artbench.records.tables import Tables, write_table
from artbench.runtime.files import file_errors, sha256_of, write_text
from artbench.runtime.progress import Reporter
from artbench.runtime.untrusted import read_regular, strict_json

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
            (self.path / "records").mkdir(parents=True, exist_ok=True)
            # A name of its own for each call, as runs may start side by side.
            with NamedTemporaryFile(prefix=".writable.", suffix=".tmp", dir=self.path / "records"):
                pass

    def records(self, reporter: Reporter) -> Iterator[Record]:
        """Yield all records by file name, with a notice for each file that can't be read.

        Of several files with the same measurement, the one with the name that it asks for counts.
        """
        found: dict[str, tuple[Path, Record]] = {}
        for file in self._files():
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

    def _files(self) -> list[Path]:
        """Return what is named as a record, by name; a folder of a task that is a link is not entered."""
        folders = [folder for folder in (self.path / "records").glob("*") if not folder.is_symlink()]
        return sorted(file for folder in folders for file in folder.glob("*.json"))

    def file_of(self, record: Record) -> Path:
        """Return the file of a record."""
        name = ".".join(_plain(part)[:_LONGEST] for part in (record.backbone, record.pretraining, record.id))
        return self.path / "records" / _plain(record.task)[:_LONGEST] / f"{name}.json"

    def predictions_of(self, record: Record) -> Path:
        """Return the file of a record's predictions."""
        return self.file_of(record).with_suffix(".parquet")

    def write(self, record: Record, predictions: TestPredictions, tables: Tables | None = None) -> Record:
        """Write predictions, tables and last the record, and return the record as it was written.

        Raises:
            ArtbenchError: The folder can't be written.
        """
        file = self.file_of(record)
        mend = "Free or name another folder with --results; the features are kept"
        with file_errors(f"the record can't be written to {file}", mend=mend):
            predictions.write(file.with_suffix(".parquet"))
            written = FileState(sha256=sha256_of(file.with_suffix(".parquet")), rows=len(predictions.images))
            beside = {}
            for name, columns in (tables or {}).items():
                table = file.with_suffix(f".{name}.parquet")
                write_table(table, columns)
                beside[name] = FileState(sha256=sha256_of(table), rows=len(next(iter(columns.values()))))
            return write_record(file, record.model_copy(update={"predictions": written, "tables": beside}))


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
        if (newer := _newer_artbench(content)) is not None:
            raise ArtbenchError(
                f"{file} was made by artbench {newer}, which is newer than this one", mend="Upgrade artbench"
            ) from error
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the record"
        said = first["msg"]
        if first["type"] == "extra_forbidden":
            said = f"artbench {version('artbench')} knows no such field"
        raise ArtbenchError(f"{file} is not a valid record: {where[:200]}: {said}") from error


def _newer_artbench(content: Mapping[str, Any]) -> str | None:
    """Return the version of artbench that a record says it was made by, if that is newer than this one."""
    provenance = content.get("provenance")
    made = provenance.get("artbench") if isinstance(provenance, dict) else None
    if not isinstance(made, str) or _VERSION.match(made) is None or len(made) > _LONGEST:
        return None
    return made if _numbers(made) > _numbers(version("artbench")) else None


def _numbers(release: str) -> tuple[int, ...]:
    found = _VERSION.match(release)
    return () if found is None else tuple(map(int, found[0].split(".")))


def write_record(file: Path, record: Record) -> Record:
    """Write the JSON of a record, and return the record as it will be read; raise OSError if it can't be written."""
    content = record.as_json()
    # Validate once more, so that nothing is written that can't be read.
    checked = Record.model_validate(content)
    write_text(file, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    return checked


_plain = partial(re.sub, r"[^A-Za-z0-9_+-]+", "_")


class ResultsIndex:
    """The records of a results folder, read once and updated with each record that is written.

    Args:
        folder: The results folder.
        reporter: Receives a notice for each file that can't be read.
    """

    def __init__(self, folder: ResultsFolder, reporter: Reporter) -> None:
        self.folder = folder
        self.records = list(folder.records(reporter))
        self.new: set[str] = set()

    def find(self, board: tuple[str, int, str, str], is_meant: Callable[[Record], bool]) -> Record | None:
        """Return the newest record of a leaderboard (`Record.board`) for which `is_meant` holds; None without one."""
        found = [record for record in self.records if record.board == board and is_meant(record)]
        return max(found, key=lambda record: record.provenance.created, default=None)

    def enter(self, record: Record, predictions: TestPredictions, tables: Tables | None = None) -> Record:
        """Write a record, its predictions and tables, replacing one of the same measurement.

        Raises:
            ArtbenchError: The folder can't be written.
        """
        written = self.folder.write(record, predictions, tables)
        self.records = [*(other for other in self.records if other.id != written.id), written]
        self.new.add(written.id)
        return written
