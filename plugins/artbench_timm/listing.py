"""The names that timm knows, kept in the cache: to know whether a name is one of them, timm is not imported."""

import json
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TypeGuard

from artbench.errors import ArtbenchError
from artbench.runtime.files import cache_folder, write_text

# timm's modules of vision transformers with as many attention heads in every block.
_TRANSFORMERS = ("vision_transformer", "deit", "beit", "eva")
# A list of names is a twentieth of this.
_LARGEST = 4 << 20


@cache
def listing() -> Mapping[str, bool]:
    """Return whether the blocks of a model may have another number of heads, by all names that timm knows.

    Importing timm takes seconds; the list takes a hundredth, and is kept for this release of timm, and for the state of
    its files: an installation that is worked on is asked again.
    """
    kept = _kept()
    if kept is None:
        return _asked()
    file, state = kept
    with suppress(OSError, ValueError):
        if file.stat().st_size <= _LARGEST:
            content = json.loads(file.read_bytes())
            if _is_listing(content, state):
                heads = frozenset(content["heads"])
                return {name: name in heads for name in content["names"]}
    found = _asked()
    content = {"state": state, "names": sorted(found), "heads": sorted(name for name, heads in found.items() if heads)}
    with suppress(OSError):
        write_text(file, json.dumps(content))
    return found


def _asked() -> dict[str, bool]:
    import timm
    from timm.models import is_model_in_modules

    names = {*timm.list_models(include_tags=True), *timm.list_models()}
    plain = {name.partition(".")[0] for name in names}
    heads = {name for name in plain if is_model_in_modules(name, _TRANSFORMERS)}
    return {name: name.partition(".")[0] in heads for name in names}


def _kept() -> tuple[Path, str] | None:
    """Return the file that keeps the list, and the state of timm's files; None if neither can be had."""
    try:
        file = cache_folder() / "names" / f"timm-{version('timm')}.json"
        found = find_spec("timm")
    except (ArtbenchError, PackageNotFoundError):
        return None
    if found is None or found.origin is None:
        return None
    try:
        states = [(one.name, one.stat()) for one in sorted((Path(found.origin).parent / "models").glob("*.py"))]
    except OSError:
        return None
    return file, f"{len(states)} files, {sum(state.st_size for _, state in states)} bytes, " + str(
        max((state.st_mtime_ns for _, state in states), default=0)
    )


def _is_listing(content: object, state: str) -> TypeGuard[dict[str, list[str]]]:
    """Whether it is a list of this state of timm, whatever else has written to the file."""
    return (
        isinstance(content, dict)
        and content.get("state") == state
        and all(
            isinstance(part := content.get(key), list) and all(isinstance(name, str) for name in part)
            for key in ("names", "heads")
        )
    )
