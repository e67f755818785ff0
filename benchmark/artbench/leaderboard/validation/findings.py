"""What a check finds, in words that can be shown whatever the files contain."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Severity: TypeAlias = Literal["fault", "notice"]

RERUN = "Run it again, and submit what artbench writes as it is"
_LONGEST = 300


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong, or worth knowing.

    Attributes:
        file: Below the folder that is checked; escaped.
        what: What is wrong, in one line; escaped.
        mend: What to do about it; empty where there is nothing to do.
        severity: `fault` keeps a record out; `notice` does not.
    """

    file: str
    what: str
    mend: str = ""
    severity: Severity = "fault"


@dataclass(frozen=True, kw_only=True)
class Report:
    """What became of a check.

    Attributes:
        records: How many records could be read.
        findings: By file.
        compared: The datasets whose pictures and labels were at hand.
    """

    records: int
    findings: tuple[Finding, ...]
    compared: tuple[str, ...] = ()

    def count(self, severity: Severity) -> int:
        """How many findings are of a kind."""
        return sum(finding.severity == severity for finding in self.findings)


class FileFindings:
    """The findings on one file, as they are collected.

    Args:
        file: Below the folder that is checked, as it is.
    """

    def __init__(self, file: str) -> None:
        self.file = printable(file)
        self.found: list[Finding] = []

    def fault(self, what: str, mend: str = RERUN) -> None:
        """Say what is wrong."""
        self.found.append(Finding(file=self.file, what=printable(what), mend=printable(mend)))

    def notice(self, what: str, mend: str = "") -> None:
        """Say what is worth knowing."""
        self.found.append(Finding(file=self.file, what=printable(what), mend=printable(mend), severity="notice"))


def printable(text: str) -> str:
    """A text without what could steer a terminal or hide in a page, and no longer than a few lines."""
    shown = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text[: _LONGEST + 1])
    return shown if len(text) <= _LONGEST else shown[:_LONGEST] + "…"


def some(names: Sequence[object], *, most: int = 5) -> str:
    """The first few of some names."""
    return ", ".join(map(str, names[:most])) + (", …" if len(names) > most else "")
