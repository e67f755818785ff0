"""For which contract a plugin says it was made; one that was made for another is not imported."""

import ast
from importlib import metadata, util
from pathlib import Path

from artbench.errors import ArtbenchError
from artbench.hookspecs import CONTRACT

_SAID = "ARTBENCH_CONTRACT"


def check_contract(source: metadata.EntryPoint | Path, *, distribution: str) -> None:
    """Refuse a plugin that states another contract than this artbench has; one that states none is taken as it is.

    What it states is read from its source, since importing it might fail for the very reason.

    Args:
        source: The plugin's entry point or its file.
        distribution: What to install another release of.

    Raises:
        ArtbenchError: It was made for another contract, or what it states is no whole number.
    """
    stated = stated_contract(source)
    if stated is None or stated == str(CONTRACT):
        return
    if not stated.isdecimal():
        raise ArtbenchError(f"its {_SAID} is {stated}", mend=f"A whole number is meant, such as {CONTRACT}")
    raise ArtbenchError(
        f"it was made for contract {stated} of plugins, and artbench {metadata.version('artbench')} has contract "
        f"{CONTRACT}",
        mend=f"Install a release of {distribution} for contract {CONTRACT}, or an artbench that has contract {stated}",
    )


def stated_contract(source: metadata.EntryPoint | Path) -> str | None:
    """What a plugin states, as it is written in its source; None where it states nothing."""
    return _stated(_source(source))


def _source(source: metadata.EntryPoint | Path) -> str:
    if isinstance(source, Path):
        return source.read_bytes().decode(errors="replace")
    spec = util.find_spec(source.module)
    # A module that has no source, such as a compiled one, states nothing.
    read = getattr(spec and spec.loader, "get_source", None)
    return (read and read(source.module)) or ""


def _stated(text: str) -> str | None:
    """What the module's own lines assign to `ARTBENCH_CONTRACT`, as it is written there."""
    # Every start waits for this: only who states something is parsed.
    if _SAID not in text:
        return None
    for line in ast.parse(text).body:
        match line:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name == _SAID:
                return ast.unparse(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if name == _SAID:
                return ast.unparse(value)
    return None
