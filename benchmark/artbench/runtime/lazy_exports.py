"""Names that a package offers, each imported from its module when it is first asked for."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_exports(package: str, at: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of a package whose names must not cost an import before they are used.

    Args:
        package: The package's `__name__`.
        at: The module of each name.
    """

    def get(name: str) -> Any:
        if name in at:
            return getattr(import_module(at[name]), name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return get, lambda: sorted({*vars(sys.modules[package]), *at})
