"""The parts of a report that take long: each is made by itself, and what can't be made does not hold up the rest."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from filelock import FileLock, Timeout

from artbench.errors import ArtbenchError, plugin_errors
from artbench.explain.figure import versions
from artbench.report.request import KINDS, Kind
from artbench.runtime.files import atomic_folder, remove_unfinished, sha256_of, write_text
from artbench.runtime.progress import Reporter

# Raised whenever what is made of the same inputs changes.
_VERSION = 2
# In a kept folder: what it was made from, and the digest of each of its files.
MARK = "made-from.json"


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a report.

    Attributes:
        kind: What it is.
        of: Whose it is: a record, an encoder.
        folder: Below the report's.
        inputs: All that decides what comes out.
        make: Puts its files into a folder.
    """

    kind: Kind
    of: str
    folder: PurePosixPath
    inputs: Mapping[str, Any]
    make: Callable[[Path], object]

    def __str__(self) -> str:
        return f"{KINDS[self.kind]} of {self.of}"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a part.

    Attributes:
        part: The part.
        state: `made`, `kept` from an earlier run, or `failed`.
        reason: Why it could not be made; empty if it was.
    """

    part: Part
    state: Literal["made", "kept", "failed"]
    reason: str = ""


def make_parts(parts: Sequence[Part], out: Path, *, reporter: Reporter) -> list[Outcome]:
    """Make what is not there yet; say what could not be made, and why.

    Args:
        parts: What to make.
        out: The report's folder.
        reporter: Receives progress and notices.

    Raises:
        ArtbenchError: The folder can't be written, or another run is writing it.
    """
    if not parts:
        return []
    with _locked(out):
        for part in parts:
            remove_unfinished(out / part.folder)
        return _outcomes(parts, out, reporter)


@contextmanager
def _locked(out: Path) -> Iterator[None]:
    lock = FileLock(out / "figures" / ".lock")
    try:
        (out / "figures").mkdir(parents=True, exist_ok=True)
        lock.acquire(blocking=False)
    except Timeout as error:
        raise ArtbenchError(
            f"another report is being made in {out}", mend="Wait for it, or name another folder with --out"
        ) from error
    except OSError as error:
        raise ArtbenchError(
            f"{out} can't be written ({error.strerror or error})", mend="Name another folder with --out"
        ) from error
    try:
        yield
    finally:
        lock.release()


def _outcomes(parts: Sequence[Part], out: Path, reporter: Reporter) -> list[Outcome]:
    outcomes = []
    for number, part in enumerate(parts, start=1):
        reporter.notice(f"[{number} of {len(parts)}] {part}")
        try:
            outcomes.append(_made(part, out))
        except ArtbenchError as error:
            reporter.notice(f"left out: {error}")
            outcomes.append(Outcome(part=part, state="failed", reason=str(error)))
    return outcomes


def _made(part: Part, out: Path) -> Outcome:
    def make(folder: Path) -> None:
        with plugin_errors(str(part)):
            part.make(folder)

    folder = out / part.folder
    try:
        was_there = made_or_cached(
            folder, {**part.inputs, "kind": part.kind, "version": _VERSION, **versions()}, make=make
        )
    except OSError as error:
        raise ArtbenchError(f"{folder} can't be written ({error.strerror or error})") from error
    return Outcome(part=part, state="kept" if was_there else "made")


def made_or_cached(folder: Path, inputs: Mapping[str, Any], *, make: Callable[[Path], None]) -> bool:
    """Make a folder unless it is there, whole and of the same inputs; return whether it was.

    A folder appears whole or not at all, in the place of what was there before. One in which a file is missing or was
    changed is made again.

    Args:
        folder: Where it is to be.
        inputs: All that decides what comes out, as JSON.
        make: Given a folder that may be absent, puts files into it.

    Raises:
        OSError: It can't be written.
    """
    key = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
    if _is_whole(folder, key):
        return True
    with atomic_folder(folder) as temporary:
        make(temporary)
        files = {file.relative_to(temporary).as_posix(): sha256_of(file) for file in _files(temporary)}
        write_text(temporary / MARK, json.dumps({"key": key, "inputs": inputs, "files": files}, indent=1) + "\n")
        if folder.exists():
            # A folder can't be renamed over another; and what was not made here is not thrown away here.
            if not (folder / MARK).is_file():
                raise FileExistsError(None, "something else is there")
            shutil.rmtree(folder)
    return False


def _is_whole(folder: Path, key: str) -> bool:
    try:
        content = json.loads((folder / MARK).read_text(encoding="utf-8"))
        there = {file.relative_to(folder).as_posix(): sha256_of(file) for file in _files(folder)}
        return bool(content["key"] == key and content["files"] == there)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file() and file.name != MARK)
