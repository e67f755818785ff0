"""What a check of a plugin finds, and the error that lists what fails."""

from collections.abc import Iterable
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


class ContractError(AssertionError):
    """What a plugin registers breaks the contract; lists every failure with what to change.

    Args:
        subject: What was checked: `backbone hog`.
        findings: All that was found; those that fail are listed.

    Attributes:
        findings: Those that fail.
    """

    def __init__(self, subject: str, findings: Iterable[Finding]) -> None:
        self.findings = tuple(finding for finding in findings if finding.status == "FAIL")
        count = len(self.findings)
        lines = "".join(f"\n  {finding}" for finding in self.findings)
        super().__init__(f"{subject} breaks the contract in {count} {'way' if count == 1 else 'ways'}:{lines}")


def demand(subject: str, findings: Iterable[Finding]) -> None:
    """See that nothing fails.

    Raises:
        ContractError: Something does.
    """
    found = list(findings)
    if any(finding.status == "FAIL" for finding in found):
        raise ContractError(subject, found)
