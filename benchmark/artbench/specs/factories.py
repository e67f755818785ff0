"""Factories: what makes a registered thing, imported only when it is used."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, ParamSpec, TypeAlias, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")

Factory: TypeAlias = Callable[P, T] | str


def load_factory(factory: Factory[P, T]) -> Callable[P, T]:
    """Return the callable behind a factory; imports its module if it is given as `package.module:function`.

    Raises:
        ImportError, AttributeError, TypeError, ValueError: The text does not name a callable.

    Examples:
        >>> from artbench.specs import load_factory
        >>> load_factory("statistics:mean")([1, 2])
        1.5
    """
    if not isinstance(factory, str):
        return factory
    module, _, attribute = factory.partition(":")
    if not module or not attribute:
        raise ValueError(f"a factory is a callable or 'package.module:function', not {factory!r}")
    loaded: Any = getattr(import_module(module), attribute)
    if not callable(loaded):
        raise TypeError(f"{factory!r} is a {type(loaded).__name__}, and can't be called")
    return cast("Callable[P, T]", loaded)
