"""The names of families. Those of a library are kept in the cache, so that it is not imported to look one up."""

import json
import os
import sys
from collections.abc import Collection
from contextlib import suppress
from functools import cache, lru_cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from artbench.errors import ArtbenchError
from artbench.runtime.files import cache_folder, read_json, write_text
from artbench.specs import Family, load_factory

# timm's list is a twentieth of this.
_LARGEST = 4 << 20
# A process can have added models of its own to what it has imported by now. They are not kept.
_IMPORTED_BEFORE = frozenset(sys.modules)


def names_of(family: Family[Any], *, kind: str, distribution: str) -> Collection[str]:
    """Return all names of a family, in its order; those of a library are asked for once in each state of its files.

    Asking imports the library, which takes seconds; reading the list takes a hundredth. Where it is imported already,
    it is asked, since a process can add models of its own.
    """
    file, state = _file(family, kind=kind, distribution=distribution), _state(family)
    kept = _kept(file, state) if state else ()
    if kept and family.library not in sys.modules:
        return kept
    names = dict.fromkeys(load_factory(family.names)())
    if names and not kept and file is not None and family.library not in _IMPORTED_BEFORE:
        content = {"state": state, "names": list(names)}
        with suppress(OSError):
            if read_json(file) != content:
                write_text(file, json.dumps(content))
    return names


def has_name(family: Family[Any], name: str, *, kind: str, distribution: str) -> bool:
    """Whether a library has a name that its family would resolve; without a library, the family alone says so."""
    if not (state := _state(family)):
        return True
    kept = _kept(_file(family, kind=kind, distribution=distribution), state)
    return name in kept or name in names_of(family, kind=kind, distribution=distribution)


def kept_names(family: Family[Any], *, kind: str, distribution: str) -> Collection[str]:
    """Return the names of a family that are in the cache, without importing anything; none if there are none.

    Those of a family without a library are as it last listed them.
    """
    return _kept(_file(family, kind=kind, distribution=distribution), _state(family))


def _state(family: Family[Any]) -> str:
    """Return the state of the files that a family's names come from; empty without a library, or where it is absent."""
    library = _state_of(family.library) if family.library else ""
    module = family.names.partition(":")[0] if isinstance(family.names, str) else family.names.__module__
    return library and f"{library} {_state_of(module.partition('.')[0])}"


def _file(family: Family[Any], *, kind: str, distribution: str) -> Path | None:
    with suppress(ArtbenchError):
        return cache_folder() / "names" / f"{kind}-{distribution}-{family.name}.json"
    return None


def _kept(file: Path | None, state: str) -> Collection[str]:
    with suppress(OSError):
        if file is not None and file.stat().st_size <= _LARGEST:
            return _read(file, file.stat().st_mtime_ns, state)
    return ()


@lru_cache(maxsize=16)
def _read(file: Path, _: int, state: str) -> Collection[str]:
    """Return the names in a file; none if it is of another state, or no list, whatever has written to it."""
    content = read_json(file)
    names = content.get("names")
    if content.get("state") != state or not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        return ()
    return dict.fromkeys(names)


@cache
def _state_of(package: str) -> str:
    """Return a digest of where a package's files are, their sizes and times, version included; empty if it is absent.

    It is not imported.
    """
    try:
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            return ""
        files = [Path(spec.origin)]
        for folder in spec.submodule_search_locations or ():
            for root, folders, names in os.walk(folder):
                folders[:] = [name for name in folders if name != "__pycache__"]
                files.extend(Path(root, name) for name in names)
        states = [f"{file} {found.st_size} {found.st_mtime_ns}" for file in files for found in [file.stat()]]
    except (ImportError, ValueError, OSError):
        return ""
    return sha256("\n".join(sorted(states)).encode(errors="surrogateescape")).hexdigest()
