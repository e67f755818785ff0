"""Results on record that other versions of plugins have made."""

from collections import Counter
from collections.abc import Iterable, Iterator

from artbench.evaluation.request import RunResult
from artbench.plugins.catalogue import GROUP
from artbench.plugins.registry import Registry


def other_plugins(results: Iterable[RunResult], registry: Registry) -> Iterator[str]:
    """Yield a line for each plugin of which another version made results that were on record.

    The versions of artbench itself are left out: its protocols and the versions of what it registers never change.

    Args:
        results: Results of a run.
        registry: The loaded plugins.
    """
    installed = {plugin.distribution: plugin.version for plugin in registry.plugins if plugin.distribution != GROUP}
    found = Counter(
        (name, then)
        for result in results
        if not result.new
        for name, then in result.record.provenance.plugins.items()
        if installed.get(name, then) != then
    )
    for (name, then), count in found.items():
        many = "1 of these results was" if count == 1 else f"{count:,} of these results were"
        yield f"{many} made with {name} {then}, and {installed[name]} is installed: --fresh measures again"
