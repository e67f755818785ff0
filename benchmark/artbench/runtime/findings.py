"""What a check finds."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Status: TypeAlias = Literal["PASS", "WARN", "FAIL", "SKIP"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line about one thing that a plugin registers.

    Attributes:
        name: What was looked at: `batch size`.
        status: PASS: as the contract says. WARN: works, though its users will stumble. FAIL: breaks the contract.
            SKIP: could not be looked at.
        message: What was found, without a full stop.
        mend: What to change, without a full stop; empty where there is nothing to change.
    """

    name: str
    status: Status
    message: str
    mend: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.message}." + (f" {self.mend}." if self.mend else "")


def passed(name: str, message: str) -> Finding:
    """A finding that all is well."""
    return Finding(name=name, status="PASS", message=message)


def warned(name: str, message: str, *, mend: str) -> Finding:
    """A finding that something could be better."""
    return Finding(name=name, status="WARN", message=message, mend=mend)


def failed(name: str, message: str, *, mend: str) -> Finding:
    """A finding that something does not work."""
    return Finding(name=name, status="FAIL", message=message, mend=mend)
