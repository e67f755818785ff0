"""The TOML that describes a collection: its folder and the meaning of its columns."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from artbench.errors import ArtbenchError
from artbench.specs import Prompts


@dataclass(frozen=True, kw_only=True)
class Description:
    """A collection as described by its TOML; what that leaves out is None.

    Attributes:
        title: Name of the collection.
        pictures: The folder of the images.
        table: The table; None for folders of classes.
        path: Column of the images' paths.
        split: Column that says train, validation or test.
        group: Column of groups that a split must keep together, such as the painter.
        labels: Columns that are tasks; empty where the collection has no labels.
        several: Columns with several values in a cell, and their separator.
        years: Columns that hold a year.
        same: Columns whose equal values say that images show the same thing.
        prompts: Columns whose values networks that read are told in words: column, templates, words by value.
    """

    title: str
    pictures: Path
    table: Path | None = None
    path: str | None = None
    split: str | None = None
    group: str | None = None
    labels: tuple[str, ...] | None = None
    several: tuple[tuple[str, str], ...] = ()
    years: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    prompts: tuple[tuple[str, tuple[str, ...], tuple[tuple[str, str], ...]], ...] = ()


_KEYS: Mapping[str, tuple[type, str]] = {
    "name": (str, "a text"),
    "pictures": (str, "the path of a folder"),
    "table": (str, "the path of a table"),
    "path": (str, "the name of a column"),
    "split": (str, "the name of a column"),
    "group": (str, "the name of a column"),
    "labels": (list, "a list of columns, empty where there are no labels"),
    "years": (list, "a list of columns"),
    "same": (list, "a list of columns"),
    "several": (dict, "a table of columns and the separator of their values"),
    "prompts": (dict, "a table of columns, each with a list of templates and perhaps a table of words"),
}


def read_description(file: Path) -> Description:
    """Read a TOML; paths in it are relative to it.

    Raises:
        ArtbenchError: It can't be read, or a key or value is wrong; says which.
    """
    if not file.is_file():
        raise ArtbenchError(f"{file} is not a regular file", mend="Name the file of a description")
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        reason = str(error).splitlines()[0]
        mend = "Write Windows paths with / or between single quotes" if "escape" in reason.lower() else ""
        raise ArtbenchError(f"{file} can't be read as TOML ({reason})", mend=mend) from error
    for key, value in content.items():
        _check(file, key, value)
    table = file.parent / content["table"] if "table" in content else None
    return Description(
        title=content.get("name", file.stem),
        pictures=file.parent / content.get("pictures", "."),
        table=table,
        path=content.get("path"),
        split=content.get("split"),
        group=content.get("group"),
        labels=tuple(content["labels"]) if "labels" in content else None,
        several=tuple(content.get("several", {}).items()),
        years=tuple(content.get("years", ())),
        same=tuple(content.get("same", ())),
        prompts=tuple(_prompts(file, column, said) for column, said in content.get("prompts", {}).items()),
    )


def _prompts(file: Path, column: str, said: Any) -> tuple[str, tuple[str, ...], tuple[tuple[str, str], ...]]:
    templates, words = said.get("templates"), said.get("words", {})
    if said.keys() - {"templates", "words"} or not isinstance(templates, list) or not isinstance(words, dict):
        raise ArtbenchError(
            f"{file}: prompts.{column} is {said!r}, and should be {_KEYS['prompts'][1]}",
            mend=f'[prompts.{column}] templates = ["a painting in the style of {{}}."]',
        )
    try:
        Prompts(templates=tuple(templates), words=words)
    except (ValueError, TypeError) as error:
        raise ArtbenchError(f"{file}: prompts.{column}: {error}") from error
    return column, tuple(templates), tuple(words.items())


def _check(file: Path, key: str, value: Any) -> None:
    if key not in _KEYS:
        near = get_close_matches(key, _KEYS, n=1, cutoff=0.5)
        hint = f"Is it {near[0]}? " if near else ""
        raise ArtbenchError(f"{file}: there is no key {key!r}", mend=f"{hint}There are {', '.join(_KEYS)}")
    kind, meant = _KEYS[key]
    held = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if key == "prompts" and isinstance(value, dict):
        held = ()
        if not all(isinstance(part, dict) for part in value.values()):
            raise ArtbenchError(f"{file}: prompts is {value!r}, and should be {_KEYS[key][1]}")
    none = not value and not (key == "labels" and value == [])
    if not isinstance(value, kind) or none or not all(isinstance(part, str) and part for part in held):
        raise ArtbenchError(f"{file}: {key} is {value!r}, and should be {meant}")
