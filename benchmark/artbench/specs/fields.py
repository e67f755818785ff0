"""Whether the fields of a spec hold what they are declared to hold: plugins are checked by no type checker."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

# More than any description has, and few enough for a line.
_LONGEST = 10_000
_MODULE_FUNCTION = re.compile(r"[\w.]+:\w+")
# What is no text (halves of surrogates), or drives a terminal.
_NO_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def check_fields(spec: Any) -> None:
    """Raise ValueError at the first field of a spec that is not as its type says.

    Unions are not checked, but for factories that may be None.

    Args:
        spec: An instance of one of the dataclasses of `artbench.specs`.

    Examples:
        >>> from artbench.specs import TargetSpec
        >>> from artbench.specs.fields import check_fields
        >>> check_fields(TargetSpec(name="state", description="Its state.", answer="class", metrics="accuracy"))
        Traceback (most recent call last):
        ValueError: metrics of state is 'accuracy', not a sequence of texts
    """
    for one in fields(spec):
        declared, value = str(one.type), getattr(spec, one.name)
        kind = "factory" if declared.startswith("Factory[") else declared
        if kind in _KINDS and not (value is None and declared.endswith("| None")):
            holds, what = _KINDS[kind]
            if not holds(value):
                raise ValueError(f"{one.name} of {str(spec.name)[:100]} is {shortened(value)}, not {what}")


def shortened(value: object) -> str:
    """Return a value as code of at most 100 characters."""
    try:
        shown = repr(value)
    except Exception as error:  # whatever an object of a plugin does
        shown = f"a {type(value).__name__} ({type(error).__name__} when it is shown)"
    return shown if len(shown) <= 100 else f"{shown[:99]}…"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST and not _NO_TEXT.search(value)


def _is_factory(value: object) -> bool:
    return bool(_MODULE_FUNCTION.fullmatch(value)) if isinstance(value, str) else callable(value)


_TEXT = (_is_text, f"a text of at most {_LONGEST:,} characters without control characters")
_KINDS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "str": _TEXT,
    "TargetKind": _TEXT,
    "bool": (lambda value: isinstance(value, bool), "True or False"),
    "int": (lambda value: type(value) is int and abs(value) < 2**63, "a whole number of 64 bits"),
    "tuple[str, ...]": (
        lambda value: isinstance(value, tuple | list) and all(map(_is_text, value)),
        "a sequence of texts",
    ),
    "Preprocessing": (lambda value: type(value).__name__ == "Preprocessing", "a Preprocessing"),
    "factory": (_is_factory, "a callable or 'package.module:function'"),
}
