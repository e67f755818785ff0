"""What a check finds."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Status: TypeAlias = Literal["PASS", "WARN", "FAIL"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the doctor's.

    Attributes:
        name: What was looked at: `torch`.
        status: PASS: in order. WARN: works, though not as well as it could, or not everything. FAIL: work that needs
            it fails.
        message: What was found, without a full stop.
        mend: What to do about it, without a full stop; empty where there is nothing to do.
    """

    name: str
    status: Status
    message: str
    mend: str = ""


def passed(name: str, message: str) -> Finding:
    """A finding that all is well."""
    return Finding(name=name, status="PASS", message=message)


def warned(name: str, message: str, *, mend: str) -> Finding:
    """A finding that something could be better."""
    return Finding(name=name, status="WARN", message=message, mend=mend)


def failed(name: str, message: str, *, mend: str) -> Finding:
    """A finding that something does not work."""
    return Finding(name=name, status="FAIL", message=message, mend=mend)
