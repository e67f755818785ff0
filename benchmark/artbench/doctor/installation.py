"""Versions: of Python, of artbench, and of what it stands on."""

import platform
import re
from collections import Counter
from collections.abc import Iterator
from importlib import import_module, metadata

from artbench.doctor.examination import Environment
from artbench.plugins.registry import SLOW, Catalogue
from artbench.runtime.findings import Finding, failed, passed, warned
from artbench.specs import SpecT

_SHOWN = ("torch", "torchvision", "timm")
_BOUND = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)\s*>=\s*([0-9.]+)$")


def installation(_: Environment) -> Iterator[Finding]:
    """Python, artbench, torch, torchvision and timm each, and all else that artbench needs in one line."""
    version = platform.python_version()
    least = (metadata.metadata("artbench")["Requires-Python"] or "").removeprefix(">=")
    yield _judged("Python", version, least, mend=f"Make the environment anew with Python {least} or newer")
    yield passed("artbench", metadata.version("artbench"))
    others = []
    for name, bound in lower_bounds(metadata.requires("artbench") or []).items():
        finding = _library(name, bound)
        if name in _SHOWN:
            yield finding
        else:
            others.append(finding)
    yield from (finding for finding in others if finding.status != "PASS")
    sound = sum(finding.status == "PASS" for finding in others)
    yield passed("other libraries", f"{sound} of {len(others)} are there, and new enough")


def lower_bounds(requirements: list[str]) -> dict[str, str]:
    """The lowest version of each library that is always needed, from lines such as `torch>=2.6`."""
    matches = (_BOUND.match(line.strip()) for line in requirements if ";" not in line)
    return {match[1]: match[2] for match in matches if match}


def _library(name: str, bound: str) -> Finding:
    mend = f"pip install '{name}>={bound}'"
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return failed(name, f"is not installed; {bound} or newer is needed", mend=mend)
    finding = _judged(name, version, bound, mend=mend)
    if finding.status == "PASS" and name in _SHOWN:
        try:
            import_module(name)
        except Exception as error:  # Whatever a library raises that does not fit the others.
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            return failed(
                name,
                f"{version} can't be imported ({reason})",
                mend="Install torch, torchvision and timm again, from one source",
            )
    return finding


def _judged(name: str, version: str, least: str, *, mend: str) -> Finding:
    if _numbers(version) < _numbers(least):
        return failed(name, f"{version} is older than {least}", mend=mend)
    return passed(name, f"{version} ({least} or newer is needed)")


def _numbers(version: str) -> tuple[int, ...]:
    """`2.6.1+cpu` as (2, 6, 1), without zeros at the end, for 2.6 and 2.6.0 are the same."""
    release = re.match(r"\d+(?:\.\d+)*", version)
    numbers = [int(part) for part in release[0].split(".")] if release else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def plugins(patient: Environment) -> Iterator[Finding]:
    """One line for each that needs a look, and how many there are."""
    registry = patient.registry
    for plugin in registry.plugins:
        origin = f"of {plugin.distribution} {plugin.version}".rstrip()
        if plugin.problem:
            mend = f"Mend or uninstall {plugin.distribution}; ARTBENCH_PLUGINS= leaves out all that are not built in"
            yield failed(plugin.name, f"{origin} is left out: {plugin.problem}", mend=mend)
        elif plugin.seconds > SLOW:
            yield warned(
                plugin.name,
                f"{origin} takes {plugin.seconds:.1f} s to load, at every start",
                mend="Ask its makers to name factories as text, so that what is heavy is imported when it is used",
            )
        if plugin.prints:
            yield warned(
                plugin.name,
                f"{origin} prints while it is loaded, at every start",
                mend="Ask its makers to use `logging`; what it prints goes to stderr",
            )
    yield from _shared(registry.backbones)
    yield from _shared(registry.pretrainings)
    yield from _shared(registry.datasets)
    yield from _shared(registry.tasks)
    loaded = [plugin for plugin in registry.plugins if not plugin.problem]
    names = {plugin.distribution for plugin in loaded}
    yield passed("plugins", f"{len(loaded)} loaded, from {', '.join(sorted(names))}")


def _shared(catalogue: Catalogue[SpecT]) -> Iterator[Finding]:
    owners: dict[str, list[str]] = {}
    for entry, spec in catalogue.specs():
        owners.setdefault(spec.name, []).append(entry.distribution)
    for name, distributions in owners.items():
        if len(distributions) > 1:
            again = Counter(distributions).most_common(1)[0][1] > 1
            yield warned(
                name,
                f"{len(distributions)} {catalogue.kind}s are called that, from {' and '.join(sorted(distributions))}",
                mend=f"Say {'PLUGIN' if again else distributions[-1]}:{name}, or uninstall one of them",
            )
