"""The protocols that a run can be made under, those of plugins among them."""

from collections.abc import Sequence
from pathlib import Path

from artbench.errors import ArtbenchError, UsageError
from artbench.plugins.known import known_protocols, known_registry
from artbench.plugins.loading import load_plugins
from artbench.protocol import RETRIEVAL_V1, Protocol, protocol_named
from artbench.specs import ProtocolSpec
from artbench.specs.variants import did_you_mean


def protocol_to_run(name: str, *, plugins: Sequence[Path] = ()) -> Protocol:
    """Return the protocol of a run that asks for it by name: one that is registered, or a variant of `retrieval-v1`.

    Args:
        name: The name.
        plugins: Files of plugins that are loaded if no protocol of this name is known yet.

    Raises:
        UsageError: There is none of that name.

    Examples:
        >>> from artbench.plugins.protocols import protocol_to_run
        >>> protocol_to_run("retrieval-v1-csls-10").search.csls
        10
    """
    found = _found(name)
    if found is None and plugins:
        load_plugins(plugins)
        found = _found(name)
    if found is None:
        names = list(known_protocols())
        hint = did_you_mean(name, names)
        listed = f"There are {', '.join(names)}; also "
        variants = ", ".join(f"{RETRIEVAL_V1.name}-{one}-N" for one in ("whitening", "csls", "softmax"))
        # Of a plugin that was left out nothing is known, and this may be read before anything else is told of it.
        left_out = "; ".join(known_registry().problems)
        told = f"no protocol is called {name!r}" + (f", and {left_out}" if left_out else "")
        raise UsageError(told, mend=f"{hint} {listed}{variants}".strip())
    return found


def _found(name: str) -> Protocol | None:
    if name in known_protocols():
        return known_protocols()[name].protocol
    variant = protocol_named(name)
    return variant if variant is not None and variant.search is not None else None


def own_probe(protocol: Protocol) -> ProtocolSpec:
    """Return what registered a protocol with a probe of its own.

    Raises:
        ArtbenchError: No plugin here registers it.
    """
    spec = known_protocols().get(protocol.name)
    if spec is None or spec.protocol.hash != protocol.hash:
        raise ArtbenchError(f"no plugin here has the protocol {protocol.name}", mend="Install the one that made it")
    return spec
