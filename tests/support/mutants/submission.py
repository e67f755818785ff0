"""A record as somebody submits it, to be changed; and what every change needs."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from artbench.records.folder import ResultsFolder
from artbench.records.record import SUFFIXES, Record
from artbench.runtime.files import sha256_of


@dataclass
class Submission:
    """One record in a folder, to be changed.

    Attributes:
        folder: The results folder.
        file: The record.
        others: Records of the same leaderboard.
        random: What decides.
        blamed: The file, below `records/`, that a check should name if it is not the record.
    """

    folder: Path
    file: Path
    others: list[Path]
    random: Random
    blamed: Path | None = None

    @property
    def content(self) -> Any:
        return json.loads(self.file.read_text())

    def write(self, content: Any) -> None:
        self.file.write_text(json.dumps(content, indent=1, ensure_ascii=False))

    def beside(self, suffix: str = ".parquet") -> Path:
        return self.file.with_suffix(suffix)

    def settle(self) -> None:
        """Move everything to where it belongs by what the record says, as a careful forger would."""
        new = ResultsFolder(self.folder).file_of(Record.model_validate_json(self.file.read_text()))
        for suffix in SUFFIXES:
            if self.beside(suffix).exists():
                new.parent.mkdir(exist_ok=True)
                self.beside(suffix).rename(new.with_suffix(suffix))
        self.file.rename(new)
        self.file = new

    def rewrite(self, change: Callable[[pa.Table], pa.Table], suffix: str = ".parquet") -> None:
        """Change a Parquet file, and put its digest and rows on record."""
        table = change(pq.read_table(self.beside(suffix)))
        pq.write_table(table, self.beside(suffix), compression="zstd")
        content = self.content
        state = {"sha256": sha256_of(self.beside(suffix)), "rows": len(table)}
        if suffix == ".parquet":
            content["predictions"] = state
        else:
            content["tables"][suffix.split(".")[1]] = state
        self.write(content)


Mutation = Callable[[Submission], None]
HARMFUL: list[Mutation] = []
HARMLESS: list[Mutation] = []


def harmful(change: Mutation) -> Mutation:
    HARMFUL.append(change)
    return change


def harmless(change: Mutation) -> Mutation:
    HARMLESS.append(change)
    return change


def leaves(content: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value that holds no others."""
    entries = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    if not isinstance(content, dict | list):
        yield path
    for key, value in entries:
        yield from leaves(value, (*path, key))


def at(content: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        content = content[key]
    return content


def put(it: Submission, path: tuple[Any, ...], value: Any) -> None:
    content = it.content
    at(content, path[:-1])[path[-1]] = value
    it.write(content)


def numbers(it: Submission, *roots: str) -> list[tuple[Any, ...]]:
    content = it.content
    return [
        path
        for path in leaves(content)
        if path[0] in roots and isinstance(at(content, path), int | float) and not isinstance(at(content, path), bool)
    ]
