"""The parts of a report that take long: each is made by itself, and what can't be made does not hold up the rest."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeAlias

from artbench.errors import ArtbenchError, blaming
from artbench.explain.figure import versions
from artbench.gathering.kept import kept
from artbench.reporting import Reporter

Kind: TypeAlias = Literal["gradcam", "map", "filters"]
KINDS: Mapping[Kind, str] = {"gradcam": "Grad-CAM", "map": "map", "filters": "filter pictures"}

# Raised whenever what is made of the same inputs changes.
_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Part:
    """One of them.

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
        reporter: Told which one is being made.

    Raises:
        ArtbenchError: The folder can't be written.
    """
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
        with blaming(str(part)):
            part.make(folder)

    folder = out / part.folder
    try:
        was_there = kept(folder, {**part.inputs, "kind": part.kind, "version": _VERSION, **versions()}, make)
    except OSError as error:
        raise ArtbenchError(f"{folder} can't be written ({error.strerror or error})") from error
    return Outcome(part=part, state="kept" if was_there else "made")
