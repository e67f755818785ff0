"""Makes the parts of a report that take long, each by itself, so that one that fails does not stop the rest."""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from artbench.errors import ArtbenchError, plugin_errors
from artbench.explain.figure import versions
from artbench.report.request import KINDS, Kind
from artbench.runtime.files import atomic_folder, file_errors, sha256_of, write_text
from artbench.runtime.lease import Lease, LeaseLost, check_held
from artbench.runtime.progress import Reporter
from artbench.runtime.temporaries import remove_abandoned

# Raised whenever the same inputs give something else.
_VERSION = 2
# In the folder of a part: what it was made from, and the digest of each of its files.
MARK = "made-from.json"


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a report.

    Attributes:
        kind: What it shows.
        of: Name of the record or encoder that it shows.
        folder: Its folder below the report's.
        inputs: All that decides what comes out, as JSON.
        make: Writes its files into a folder, which may be absent.
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
        reason: Why it failed; empty if it did not.
    """

    part: Part
    state: Literal["made", "kept", "failed"]
    reason: str = ""


def make_parts(parts: Sequence[Part], out: Path, *, reporter: Reporter) -> list[Outcome]:
    """Make the parts that are not cached; one that can't be made is reported with its reason.

    Args:
        parts: The parts of the report.
        out: The report's folder.
        reporter: Receives progress and notices.

    Raises:
        ArtbenchError: The folder can't be written, or another run is writing it.
    """
    if not parts:
        return []
    outcomes = []
    with Lease(out / "figures" / ".lease", doing=f"making a report in {out}") as lease:
        with file_errors(f"{out} can't be written", mend="Name another folder with --out"):
            acquired = lease.acquire(reporter=reporter, refuse_living=True)
        if not acquired:
            raise ArtbenchError(
                f"another report is being made in {out} ({lease.holder})",
                mend="Wait for it, or name another folder with --out",
            )
        for part in parts:
            remove_abandoned((out / part.folder).parent, (out / part.folder).name)
        for number, part in enumerate(parts, start=1):
            reporter.notice(f"[{number} of {len(parts)}] {part}")
            try:
                outcomes.append(_made(part, out))
            except LeaseLost:
                raise
            except ArtbenchError as error:
                reporter.notice(f"left out: {error}")
                outcomes.append(Outcome(part=part, state="failed", reason=str(error)))
    return outcomes


def _made(part: Part, out: Path) -> Outcome:
    """Make a part unless its folder is there, whole and made from the same inputs.

    A folder appears whole or not at all, in place of an earlier one. If a file in it is missing or was changed, it is
    made again.
    """
    folder = out / part.folder
    inputs = {**part.inputs, "kind": part.kind, "version": _VERSION, **versions()}
    key = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
    if _is_whole(folder, key):
        return Outcome(part=part, state="kept")
    try:
        with atomic_folder(folder) as temporary:
            with plugin_errors(str(part)):
                part.make(temporary)
            content = {"key": key, "inputs": inputs, "files": _digests(temporary)}
            write_text(temporary / MARK, json.dumps(content, indent=1) + "\n")
            if folder.exists():
                # A folder can't be renamed over another, and what was not made here is not thrown away here.
                if not (folder / MARK).is_file():
                    raise FileExistsError(None, "something else is there")
                check_held()
                shutil.rmtree(folder)
    except OSError as error:
        raise ArtbenchError(f"{folder} can't be written ({error.strerror or error})") from error
    return Outcome(part=part, state="made")


def _is_whole(folder: Path, key: str) -> bool:
    try:
        content = json.loads((folder / MARK).read_text(encoding="utf-8"))
        return bool(content["key"] == key and content["files"] == _digests(folder))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _digests(folder: Path) -> dict[str, str]:
    """Return the digest of each file but the mark."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != MARK)
    return {file.relative_to(folder).as_posix(): sha256_of(file) for file in files}
