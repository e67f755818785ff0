"""All checks, one after the other; a check that fails does not stop the others."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from artbench.data.folders import DatasetPaths
from artbench.errors import ArtbenchError
from artbench.plugins.registry import Registry
from artbench.runtime.findings import Finding, failed
from artbench.specs import load_factory


@dataclass(frozen=True, kw_only=True)
class Environment:
    """The plugins and the settings that are examined.

    Attributes:
        registry: The plugins.
        paths: Where the datasets are.
        offline: Whether to send no requests.
    """

    registry: Registry
    paths: DatasetPaths = field(default_factory=DatasetPaths)
    offline: bool = False


Check: TypeAlias = Callable[[Environment], Iterator[Finding]]

# By text, so that a library that can't be imported is a finding too.
CHECKS: Mapping[str, Check | str] = {
    "installation": "artbench.cli.doctor.installation:installation",
    "devices": "artbench.cli.doctor.machine:devices",
    "threads": "artbench.cli.doctor.machine:threads",
    "storage": "artbench.cli.doctor.storage:storage",
    "datasets": "artbench.cli.doctor.datasets:datasets",
    "network": "artbench.cli.doctor.network:network",
    "plugins": "artbench.cli.doctor.installation:plugins",
}
_REPORT = "Please report this line: it is a fault in artbench"
_REINSTALL = "Install torch and torchvision again, both from the same source"


def examine(environment: Environment, checks: Mapping[str, Check | str] = CHECKS) -> Iterator[tuple[str, Finding]]:
    """Yield each finding with the name of its check, as soon as it is there; a check that raises is a finding."""
    for name, check in checks.items():
        try:
            for finding in load_factory(check)(environment):
                yield name, finding
        except ArtbenchError as error:
            yield name, failed(name, error.message, mend=error.mend)
        except Exception as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            mend = _REINSTALL if name in ("devices", "threads") else _REPORT
            yield name, failed(name, f"the check itself failed ({reason[:300]})", mend=mend)
