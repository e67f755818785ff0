"""Findings of a check, in words that can be shown whatever the files contain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from artbench.runtime.findings import Finding, Status
from artbench.runtime.text import printable

RERUN = "Run it again, and submit what artbench writes as it is"
_LONGEST = 300


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a check found.

    Attributes:
        records: Number of records that could be read.
        findings: Findings sorted by file; their name is its path below the folder. FAIL: a fault, which keeps a record
            out. WARN: a notice, which does not.
        unchecked: What could not be checked, with the files that it concerns; first what concerns most of them.
        compared: Datasets that records were compared with.
    """

    records: int
    findings: tuple[Finding, ...]
    unchecked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    compared: tuple[str, ...] = ()

    @classmethod
    def of(cls, found: Sequence[Finding], *, records: int) -> "Report":
        """Make the report of what was found, of which SKIP is what could not be checked."""
        skipped: dict[str, list[str]] = {}
        for finding in sorted(found, key=lambda finding: finding.name):
            if finding.status == "SKIP":
                skipped.setdefault(finding.message, []).append(finding.name)
        told = (finding for finding in found if finding.status != "SKIP")
        return cls(
            records=records,
            findings=tuple(sorted(told, key=lambda finding: (finding.name, finding.status, finding.message))),
            unchecked={
                what: tuple(dict.fromkeys(names))
                for what, names in sorted(skipped.items(), key=lambda item: (-len(item[1]), item[0]))
            },
        )

    def count(self, status: Status) -> int:
        """Return the number of findings with a status."""
        return sum(finding.status == status for finding in self.findings)


class FileFindings:
    """Collects the findings on one file.

    Args:
        file: Path below the folder that is checked.
        found: List that the findings are added to; all files share it.

    Attributes:
        file: The path as it can be shown.
        faulty: Whether a fault was found.
    """

    def __init__(self, file: str, found: list[Finding]) -> None:
        self.file, self.faulty, self._found = shown(file), False, found

    def fault(self, what: str, mend: str = RERUN) -> None:
        """Add a fault and what to do about it."""
        self.faulty = True
        self._add("FAIL", what, mend)

    def notice(self, what: str, mend: str = "") -> None:
        """Add a notice."""
        self._add("WARN", what, mend)

    def unchecked(self, what: str) -> None:
        """Add something that could not be checked."""
        self._add("SKIP", what, "")

    def _add(self, status: Status, what: str, mend: str) -> None:
        self._found.append(Finding(name=self.file, status=status, message=shown(what), mend=shown(mend)))


def shown(text: str) -> str:
    """Return a text as it is shown: `printable`, and cut off after a few lines."""
    safe = printable(text[: _LONGEST + 1], escapes=True)
    return safe if len(text) <= _LONGEST else safe[:_LONGEST] + "…"


def some(names: Sequence[object], *, most: int = 5) -> str:
    """Return the first few of some names, separated by commas."""
    return ", ".join(map(str, names[:most])) + (", …" if len(names) > most else "")
