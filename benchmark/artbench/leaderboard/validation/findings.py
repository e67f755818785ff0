"""What a check finds, in words that can be shown whatever the files contain."""

from collections.abc import Sequence
from dataclasses import dataclass

from artbench.runtime import text
from artbench.runtime.findings import Finding, Status

RERUN = "Run it again, and submit what artbench writes as it is"
_LONGEST = 300


@dataclass(frozen=True, kw_only=True)
class Report:
    """What became of a check.

    Attributes:
        records: How many records could be read.
        findings: By file, whose path below the folder is their name. FAIL: a fault, which keeps a record out. WARN: a
            notice, which does not.
        compared: The datasets whose pictures and labels were at hand.
    """

    records: int
    findings: tuple[Finding, ...]
    compared: tuple[str, ...] = ()

    def count(self, status: Status) -> int:
        """How many findings have a status."""
        return sum(finding.status == status for finding in self.findings)


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
        self._add("FAIL", what, mend)

    def notice(self, what: str, mend: str = "") -> None:
        """Say what is worth knowing."""
        self._add("WARN", what, mend)

    def _add(self, status: Status, what: str, mend: str) -> None:
        self.found.append(Finding(name=self.file, status=status, message=printable(what), mend=printable(mend)))


def printable(words: str) -> str:
    """A text without what could steer a terminal or hide in a page, and no longer than a few lines."""
    shown = text.printable(words[: _LONGEST + 1], escapes=True)
    return shown if len(words) <= _LONGEST else shown[:_LONGEST] + "…"


def some(names: Sequence[object], *, most: int = 5) -> str:
    """The first few of some names."""
    return ", ".join(map(str, names[:most])) + (", …" if len(names) > most else "")
