"""What a check finds: of the doctor, of plugins, of submitted records."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Status: TypeAlias = Literal["PASS", "WARN", "FAIL", "SKIP"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was checked.

    Attributes:
        name: What was checked: `batch size`, `torch`, the file of a record.
        status: PASS: as it should be. WARN: works, but something could be better. FAIL: does not work, or breaks the
            contract. SKIP: could not be checked.
        message: What was found, without a full stop.
        mend: What to change, without a full stop; empty where there is nothing to change.
    """

    name: str
    status: Status
    message: str
    mend: str = ""

    def __str__(self) -> str:
        said = [f"{self.name}: {self.message}", *([self.mend] if self.mend else [])]
        return " ".join(part if part.endswith("?") else f"{part}." for part in said)


def passed(name: str, message: str) -> Finding:
    """A finding that all is well."""
    return Finding(name=name, status="PASS", message=message)


def warned(name: str, message: str, *, mend: str) -> Finding:
    """A finding that something could be better."""
    return Finding(name=name, status="WARN", message=message, mend=mend)


def failed(name: str, message: str, *, mend: str) -> Finding:
    """A finding that something does not work."""
    return Finding(name=name, status="FAIL", message=message, mend=mend)
