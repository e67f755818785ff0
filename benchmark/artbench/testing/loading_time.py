"""How long a plugin takes to load by itself, and which of its imports take that time; measured in a new process."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from artbench.plugins.loading import load_plugin
from artbench.plugins.registry import Plugin
from artbench.plugins.remarks import SLOW
from artbench.plugins.sources import sources

# Libraries that the contract keeps out of the start, whether they are slow on this machine or not.
HEAVY = ("torch", "torchvision", "timm", "sklearn")
_BEGIN = "artbench: loading begins"
_LINE = re.compile(r"import time:\s+\d+ \|\s+(\d+) \|( *)([\w.]+)$")
# Seconds below which an import is not mentioned.
_SHORT = 0.05


@dataclass(frozen=True, kw_only=True)
class LoadingTime:
    """Seconds that a plugin takes to load when nothing but artbench is imported, hooks included.

    `imports` holds the seconds of each library that the plugin's own modules import, the longest first.
    """

    seconds: float
    imports: dict[str, float] = field(default_factory=dict)

    @property
    def heavy(self) -> list[str]:
        """Its imports that the contract forbids before a plugin is used."""
        return [name for name in self.imports if name in HEAVY]

    @property
    def slow(self) -> bool:
        """Whether it slows down every start of artbench."""
        return self.seconds > SLOW or bool(self.heavy)

    @property
    def mend(self) -> str:
        """What to change."""
        names = self.heavy or [name for name in [*self.imports][:1] if self.imports[name] >= self.seconds / 3]
        if not names:
            return "Move what its module does at its top, or in its hooks, into the functions that are called later"
        text = "inside the functions that use it, and name factories as text: 'package.module:function'"
        return f"Import {' and '.join(names)} {text}"

    @property
    def summary(self) -> str:
        """The imports that take long, in words; empty if none does."""
        parts = [f"{name} {taken:.2f} s" for name, taken in self.imports.items() if taken >= _SHORT]
        return f"imports {', '.join(parts[:3])}" if parts else ""

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s" + (f" ({self.summary})" if self.summary else "")


def loading_time(plugin: Plugin) -> LoadingTime:
    """Measure how long a plugin and its imports take to load, in a new process."""
    file = [plugin.file] if not plugin.version and plugin.distribution.endswith(".py") else []
    command = [sys.executable, "-X", "importtime", "-m", __name__, plugin.distribution, plugin.name, *file]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=environment, check=False)  # noqa: S603
    try:
        seconds = float(json.loads(done.stdout.splitlines()[-1]))
    except (IndexError, ValueError, TypeError):
        # It ended the process; what is left is the time that loading took in this one.
        return LoadingTime(seconds=plugin.seconds)
    own = {"artbench", plugin.module.partition(":")[0].partition(".")[0]}
    return LoadingTime(seconds=seconds, imports=outer_imports(done.stderr.partition(_BEGIN)[2].splitlines(), own=own))


def outer_imports(lines: Sequence[str], *, own: set[str]) -> dict[str, float]:
    """Return the seconds of each foreign package that own modules import, from what `-X importtime` prints.

    In `lines`, a module comes after all that it imports, which is indented more. `own` names the plugin's packages,
    besides those of artbench.
    """
    found: dict[str, float] = {}
    # In reverse, each module comes before what it imports; `above` holds the modules that lead to it.
    above: list[tuple[int, bool]] = []
    for match in filter(None, map(_LINE.search, reversed(lines))):
        depth, package = len(match[2]), match[3].partition(".")[0]
        while above and above[-1][0] >= depth:
            above.pop()
        foreign = package not in own and not package.startswith("artbench_")
        if foreign and not any(outer for _, outer in above):
            found[package] = found.get(package, 0) + int(match[1]) / 1e6
        above.append((depth, foreign))
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _main(distribution: str, name: str, *files: str) -> None:
    """Load the plugin in this process, and print the seconds it takes."""
    for source, plugin in sources([Path(file) for file in files], only=None if files else distribution):
        if isinstance(source, Path) if files else (plugin.distribution, plugin.name) == (distribution, name):
            if isinstance(source, metadata.EntryPoint):
                # Imports what finding entry points needs, which would count as time of the plugin.
                metadata.version("artbench")
            print(_BEGIN, file=sys.stderr, flush=True)  # noqa: T201
            print(load_plugin(source, plugin)[0].seconds)  # noqa: T201
            return


if __name__ == "__main__":
    _main(*sys.argv[1:])
