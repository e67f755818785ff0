"""The plugins: which were left out and why, which are slow, which share a name."""

from collections import Counter
from collections.abc import Iterator

from artbench.doctor.examination import Patient
from artbench.plugins.loading import SLOW
from artbench.plugins.registry import Catalogue
from artbench.runtime.findings import Finding, failed, passed, warned
from artbench.specs import SpecT


def plugins(patient: Patient) -> Iterator[Finding]:
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
