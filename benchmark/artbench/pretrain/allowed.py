"""What a setting may be, in words: for whoever has given it something else."""

from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from artbench.runtime.progress import printable

_LONGEST = 60


def allowed(field: FieldInfo) -> str:
    """Kind and range of a setting: `a whole number, 1 to 100, or none`; empty where its type is a plugin's own."""
    kinds = _kinds(field)
    words = [_word(kind) for kind in kinds if kind is not NoneType]
    if not words or not all(words):
        return ""
    limits = limits_of(field)
    parts = [" or ".join(words), *([limits] if limits else []), *(["or none"] if NoneType in kinds else [])]
    return ", ".join(parts)


def limits_of(field: FieldInfo) -> str:
    """The range of a setting, such as `above 0 to 10`; empty where it has none."""
    low = high = ""
    for limit in field.metadata:
        match limit:
            case Ge(ge=value):
                low = f"{value}"
            case Gt(gt=value):
                low = f"above {value}"
            case Le(le=value):
                high = f"to {value}"
            case Lt(lt=value):
                high = f"to below {value}"
            case _:
                pass
    return f"{low} {high}".strip()


def shown(value: object) -> str:
    """A value as whoever gave it would write it, or the beginning of it."""
    text = "none" if value is None else str(value).lower() if isinstance(value, bool) else printable(str(value))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def takes_numbers_alone(field: FieldInfo) -> bool:
    """Whether true and false are no values of a setting, although Python takes them for numbers."""
    kinds = _kinds(field)
    return bool not in kinds and bool({int, float} & set(kinds))


def _kinds(field: FieldInfo) -> tuple[Any, ...]:
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
