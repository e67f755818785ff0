"""Which contract a plugin was made for, read from its source: importing it might fail because of it."""

import ast
from importlib import metadata, util
from pathlib import Path

from artbench.errors import ArtbenchError
from artbench.hookspecs import CONTRACT
from artbench.plugins.sources import Source

_STATEMENT = "ARTBENCH_CONTRACT"


def check_contract(source: Source, *, distribution: str) -> None:
    """Raise if a plugin states another contract than this artbench has; one that states none is accepted.

    The contract is read from the source, since the import might fail because of it.

    Raises:
        ArtbenchError: The plugin was made for another contract, or states something that is not a whole number.
    """
    stated = stated_contract(source)
    if stated is None or stated == str(CONTRACT):
        return
    if not stated.isdecimal():
        raise ArtbenchError(f"its {_STATEMENT} is {stated}", mend=f"A whole number is expected, such as {CONTRACT}")
    raise ArtbenchError(
        f"it was made for contract {stated} of plugins, and artbench {metadata.version('artbench')} has contract "
        f"{CONTRACT}",
        mend=f"Install a release of {distribution} for contract {CONTRACT}, or an artbench that has contract {stated}",
    )


def stated_contract(source: Source) -> str | None:
    """Return what the source of a plugin assigns to `ARTBENCH_CONTRACT`; None if it assigns nothing."""
    text = _source(source)
    # Parsing would slow down every start, so only plugins that state something are parsed.
    if _STATEMENT not in text:
        return None
    for line in ast.parse(text).body:
        match line:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name == _STATEMENT:
                return ast.unparse(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if name == _STATEMENT:
                return ast.unparse(value)
    return None


def _source(source: Source) -> str:
    if isinstance(source, Path):
        return source.read_bytes().decode(errors="replace")
    spec = util.find_spec(source.module)
    # A module without a source, such as a compiled one, states nothing.
    read = getattr(spec and spec.loader, "get_source", None)
    return (read and read(source.module)) or ""
