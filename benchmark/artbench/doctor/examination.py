"""All checks, one after the other; none of them can keep the others from being made."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from artbench.errors import ArtbenchError
from artbench.plugins.registry import Registry
from artbench.runtime.findings import Finding, failed
from artbench.specs import load_factory


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What is examined.

    Attributes:
        registry: The plugins.
        data_root: Holds one folder per dataset.
        placed: Datasets with a place of their own.
        offline: Whether to leave the net alone.
    """

    registry: Registry
    data_root: Path | None = None
    placed: Mapping[str, Path] = field(default_factory=dict)
    offline: bool = False


Check: TypeAlias = Callable[[Environment], Iterator[Finding]]

# By text, so that the import of a library that is broken is a finding too.
CHECKS: Mapping[str, Check | str] = {
    "installation": "artbench.doctor.installation:installation",
    "devices": "artbench.doctor.machine:devices",
    "threads": "artbench.doctor.machine:threads",
    "storage": "artbench.doctor.storage:storage",
    "datasets": "artbench.doctor.datasets:datasets",
    "network": "artbench.doctor.network:network",
    "plugins": "artbench.doctor.installation:plugins",
}


def examine(patient: Environment, checks: Mapping[str, Check | str] = CHECKS) -> Iterator[tuple[str, Finding]]:
    """Make every check, and give each finding with the name of its check as soon as it is there.

    A check that raises is a finding itself.
    """
    for name, check in checks.items():
        try:
            for finding in load_factory(check)(patient):
                yield name, finding
        except ArtbenchError as error:
            yield name, failed(name, error.message, mend=error.mend)
        except Exception as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            yield name, failed(name, f"the check itself failed ({reason[:300]})", mend=_MENDS.get(name, _REPORT))


_REPORT = "Please report this line: it is a fault in artbench"
_MENDS = {
    "devices": "Install torch and torchvision again, both from the same source",
    "threads": "Install torch and torchvision again, both from the same source",
}
