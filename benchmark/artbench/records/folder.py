"""A results folder: `records/TASK/*.json`, with predictions and tables as `*.parquet` beside them."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from artbench.errors import ArtbenchError
from artbench.records.predictions import TestPredictions
from artbench.records.record import SCHEMA, FileState, Record
from artbench.records.tables import Tables, write_table
from artbench.runtime.files import atomic_write, sha256_of, write_text
from artbench.runtime.progress import Reporter

# Of each part of a file name; file systems take 255 bytes in all. The id tells apart what is cut alike.
_LONGEST = 80


@dataclass(frozen=True)
class ResultsFolder:
    """Where records are kept.

    Attributes:
        path: The folder; made when the first record is written.
    """

    path: Path

    def check_writable(self) -> None:
        """Find out before the work whether its result could be written.

        Raises:
            ArtbenchError: It could not.
        """
        try:
            with atomic_write(self.path / "records" / ".writable"):
                pass
            (self.path / "records" / ".writable").unlink()
        except OSError as error:
            raise ArtbenchError(
                f"the results folder {self.path} can't be written ({error.strerror})",
                mend="Name another with --results",
            ) from error

    def records(self, reporter: Reporter) -> Iterator[Record]:
        """All records, in the order of their file names; what can't be read as one is named in a notice.

        Of several files with the same measurement, the one that has its name counts.
        """
        found: dict[str, tuple[Path, Record]] = {}
        for file in sorted(self.path.glob("records/*/*.json")):
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

    def file_of(self, record: Record) -> Path:
        """Where a record is kept."""
        name = ".".join(_plain(part)[:_LONGEST] for part in (record.backbone, record.pretraining, record.id))
        return self.path / "records" / _plain(record.task)[:_LONGEST] / f"{name}.json"

    def predictions_of(self, record: Record) -> Path:
        """Where the predictions of a record are kept."""
        return self.file_of(record).with_suffix(".parquet")

    def write(self, record: Record, predictions: TestPredictions, tables: Tables | None = None) -> Record:
        """Write a record, its predictions and its tables, the record last, and return it as it was written.

        Raises:
            ArtbenchError: The folder can't be written.
        """
        file = self.file_of(record)
        try:
            predictions.write(file.with_suffix(".parquet"))
            written = FileState(sha256=sha256_of(file.with_suffix(".parquet")), rows=len(predictions.images))
            beside = {}
            for name, columns in (tables or {}).items():
                table = file.with_suffix(f".{name}.parquet")
                write_table(table, columns)
                beside[name] = FileState(sha256=sha256_of(table), rows=len(next(iter(columns.values()))))
            checked = write_record(file, record.model_copy(update={"predictions": written, "tables": beside}))
        except OSError as error:
            raise ArtbenchError(
                f"the record can't be written to {file} ({error.strerror})",
                mend="Free or name another folder with --results; the features are kept",
            ) from error
        return checked


def read_record(file: Path) -> Record:
    """Read and check one record.

    Raises:
        ArtbenchError: The file is no record of a schema this version knows.
    """
    try:
        text = file.read_text(encoding="utf-8")
        content = json.loads(text)
    except FileNotFoundError as error:
        raise ArtbenchError(f"there is no record {file}", mend="`artbench run` tells where it writes them") from error
    except (OSError, ValueError, RecursionError) as error:
        raise ArtbenchError(f"{file} can't be read as JSON ({error})") from error
    schema = content.get("schema") if isinstance(content, dict) else None
    # Python takes true for 1.
    if type(schema) is not int:
        raise ArtbenchError(f"{file} is not a valid record: it does not say of which schema it is")
    if schema > SCHEMA:
        raise ArtbenchError(
            f"{file} is of schema {schema}, this artbench reads up to {SCHEMA}", mend="Upgrade artbench"
        )
    try:
        # Strictly: no number given as text, no truth given as a number.
        return Record.model_validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the record"
        raise ArtbenchError(f"{file} is not a valid record: {where}: {first['msg']}") from error


def write_record(file: Path, record: Record) -> Record:
    """Write the JSON of a record, and return it as it will be read.

    Raises:
        OSError: It can't be written.
    """
    content = record.as_json()
    # Through the validator once more: nothing is written that could not be read.
    checked = Record.model_validate(content)
    write_text(file, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return checked


_plain = partial(re.sub, r"[^A-Za-z0-9_+-]+", "_")


class ResultsIndex:
    """The records of a results folder, read once and kept in step with what is written.

    Args:
        folder: The results folder.
        reporter: Told of files that are no records.
    """

    def __init__(self, folder: ResultsFolder, reporter: Reporter) -> None:
        self.folder = folder
        self.records = list(folder.records(reporter))
        self.new: set[str] = set()

    def find(self, board: tuple[str, int, str, str], is_meant: Callable[[Record], bool]) -> Record | None:
        """The newest record of a leaderboard (`Record.board`) for which `is_meant` holds, None if there is none."""
        found = [record for record in self.records if record.board == board and is_meant(record)]
        return max(found, key=lambda record: record.provenance.created, default=None)

    def enter(self, record: Record, predictions: TestPredictions, tables: Tables | None = None) -> Record:
        """Write a new record, its predictions and its tables; a record of the same measurement is replaced.

        Raises:
            ArtbenchError: The folder can't be written.
        """
        written = self.folder.write(record, predictions, tables)
        self.records = [other for other in self.records if other.id != written.id]
        self.records.append(written)
        self.new.add(written.id)
        return written
