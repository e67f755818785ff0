"""Versions of Python, artbench and the libraries it needs, and the plugins."""

import platform
import re
from collections.abc import Iterator
from importlib import import_module, metadata

from artbench.cli.doctor.examination import Environment
from artbench.plugins.remarks import remarks
from artbench.runtime.findings import Finding, failed, passed

_SHOWN = ("torch", "torchvision", "timm")
_BOUND = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)\s*>=\s*([0-9.]+)$")


def installation(_: Environment) -> Iterator[Finding]:
    """Examine Python, artbench, torch, torchvision and timm, and the other libraries in one finding."""
    version = platform.python_version()
    least = (metadata.metadata("artbench")["Requires-Python"] or "").removeprefix(">=")
    yield _compared("Python", version, least, mend=f"Make the environment anew with Python {least} or newer")
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
    yield passed("other libraries", f"{sound} of {len(others)} are installed and new enough")


def lower_bounds(requirements: list[str]) -> dict[str, str]:
    """Return the lowest version of each required library, from lines such as `torch>=2.6`."""
    matches = (_BOUND.match(line.strip()) for line in requirements if ";" not in line)
    return {match[1]: match[2] for match in matches if match}


def _library(name: str, bound: str) -> Finding:
    mend = f"pip install '{name}>={bound}'"
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return failed(name, f"is not installed; {bound} or newer is needed", mend=mend)
    finding = _compared(name, version, bound, mend=mend)
    if finding.status == "PASS" and name in _SHOWN:
        try:
            import_module(name)
        except Exception as error:  # Libraries that do not fit each other raise anything.
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            mend = "Install torch, torchvision and timm again, from one source"
            return failed(name, f"{version} can't be imported ({reason})", mend=mend)
    return finding


def _compared(name: str, version: str, least: str, *, mend: str) -> Finding:
    if _numbers(version) < _numbers(least):
        return failed(name, f"{version} is older than {least}", mend=mend)
    return passed(name, f"{version} ({least} or newer is needed)")


def _numbers(version: str) -> tuple[int, ...]:
    """`2.6.1+cpu` as (2, 6, 1). Zeros at the end are dropped, since 2.6 and 2.6.0 are the same."""
    release = re.match(r"\d+(?:\.\d+)*", version)
    numbers = [int(part) for part in release[0].split(".")] if release else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def plugins(environment: Environment) -> Iterator[Finding]:
    """Name every plugin that is left out or has a remark, and count the plugins."""
    registry = environment.registry
    for plugin in registry.plugins:
        if plugin.problem:
            origin = f"of {plugin.distribution} {plugin.version}".rstrip()
            mend = f"Mend or uninstall {plugin.distribution}; ARTBENCH_PLUGINS= leaves out all that are not built in"
            yield failed(plugin.name, f"{origin} is left out: {plugin.problem}", mend=mend)
        yield from remarks(plugin, registry)
    loaded = [plugin for plugin in registry.plugins if not plugin.problem]
    names = {plugin.distribution for plugin in loaded}
    yield passed("plugins", f"{len(loaded)} plugins are loaded, from {', '.join(sorted(names))}")
