"""What a setting takes, and its values, in words."""

from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from artbench.runtime.text import printable

_LONGEST = 60


def allowed(field: FieldInfo) -> str:
    """Type and range of a setting: `a whole number, 1 to 100, or none`; empty if the type is a plugin's own."""
    taken = kinds(field)
    words = [_word(kind) for kind in taken if kind is not NoneType]
    if not words or not all(words):
        return ""
    return ", ".join(filter(None, [" or ".join(words), limits(field), "or none" if NoneType in taken else ""]))


def limits(field: FieldInfo) -> str:
    """The range of a setting, such as `above 0 to 10`; empty if it has none."""
    found = []
    for name, words in (("ge", ""), ("gt", "above "), ("le", "to "), ("lt", "to below ")):
        bounds = [getattr(limit, name, None) for limit in field.metadata]
        found += [f"{words}{bound}" for bound in bounds if bound is not None]
    return f"{found[0]} or more" if len(found) == 1 and " " not in found[0] else " ".join(found)


def shown(value: object) -> str:
    """A value as a user writes it, cut off if it is long."""
    text = "none" if value is None else str(value).lower() if isinstance(value, bool) else printable(str(value))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def values(field: FieldInfo) -> set[Any]:
    """What a setting may be: types, and the words of a `Literal`."""
    return {value for kind in kinds(field) for value in (get_args(kind) if get_origin(kind) is Literal else (kind,))}


def kinds(field: FieldInfo) -> tuple[Any, ...]:
    """The types of a setting; one, unless they are a union."""
    annotation = field.annotation
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def _word(kind: Any) -> str:
    if get_origin(kind) is Literal:
        *others, last = map(str, get_args(kind))
        return f"{', '.join(others)} or {last}" if others else last
    if kind == tuple[float, ...]:
        return "numbers with commas between them"
    words: dict[Any, str] = {bool: "true or false", int: "a whole number", float: "a number"}
    return words.get(kind, "")
