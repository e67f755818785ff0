"""Names that a package offers, each imported from its module when it is first asked for."""

import sys
from collections.abc import Callable, Collection, Mapping
from importlib import import_module
from typing import Any


def lazy_exports(
    package: str, names_in: Mapping[str, Collection[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of a package that imports its names when they are used.

    Args:
        package: The package's `__name__`.
        names_in: The names that each module holds.
    """
    at = {name: module for module, names in names_in.items() for name in names}

    def get(name: str) -> Any:
        if name in at:
            return getattr(import_module(at[name]), name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return get, lambda: sorted({*vars(sys.modules[package]), *at})
