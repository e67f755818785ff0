"""The settings of a method as a list: names, defaults, what they take, and what they mean."""

from dataclasses import dataclass

from pydantic.fields import FieldInfo

from artbench.pretrain.setting_words import allowed, limits, shown
from artbench.pretrain.settings import Settings
from artbench.runtime.docstrings import attribute_meanings


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A setting of a method, for people.

    Attributes:
        name: Name, as in `--set NAME=VALUE`.
        default: Default, as it is written there; empty if there is none.
        takes: Type and range, such as `a number, above 0 to 10`; empty if the type is a plugin's own.
        meaning: What the docstring of the class says; empty if it says nothing.
        own: Whether it is of this method, not of all methods.
    """

    name: str
    default: str
    takes: str
    meaning: str
    own: bool


def list_settings(kind: type[Settings]) -> list[Setting]:
    """List the settings of a method, its own first.

    Examples:
        >>> from artbench.pretrain.settings import Settings
        >>> from artbench.pretrain.settings_list import list_settings
        >>> [(one.default, one.takes) for one in list_settings(Settings) if one.name == "optimizer"]
        [('sgd', 'sgd, lars or adamw')]
    """
    meanings: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        meanings |= attribute_meanings(base)
    found = [
        Setting(
            name=name,
            default="" if field.is_required() else _written(field.get_default(call_default_factory=True)),
            takes=allowed(_limited(name, field)),
            meaning=field.description or meanings.get(name, ""),
            own=name not in Settings.model_fields,
        )
        for name, field in kind.model_fields.items()
    ]
    return sorted(found, key=lambda setting: not setting.own)


def _limited(name: str, field: FieldInfo) -> FieldInfo:
    """A field with the range of `Settings`, which holds where a method states none of its own."""
    common = Settings.model_fields.get(name)
    return common if common is not None and not limits(field) and common.annotation == field.annotation else field


def _written(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else shown(value)
