"""The page of pretraining has every setting of every method, with the value that it has."""

from pathlib import Path

import pytest

from artbench.plugins.loading import load_plugins
from artbench.pretrain.settings import read_settings
from artbench.pretrain.workflow import load_method

PAGE = Path(__file__).parents[2] / "docs" / "pretraining-moco.md"


def columns() -> dict[str, dict[str, str]]:
    """Of each method at the head of the table of settings, what the table says of each of them."""
    section = PAGE.read_text(encoding="utf-8").partition("\n## Settings\n")[2].partition("\n## ")[0]
    head, _, *rows = (
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("|")
    )
    names = [row[0].strip("`") for row in rows]
    assert len(set(names)) == len(names)
    return {
        head[place].strip("`"): {name: row[place] for name, row in zip(names, rows, strict=True)}
        for place in range(2, len(head))
    }


COLUMNS = columns()


def test_the_methods_are_those_that_are_built_in() -> None:
    registry = load_plugins([], only="")
    trained = {spec.name for _, spec in registry.pretrainings.specs() if spec.method is not None}
    assert set(COLUMNS) == trained


@pytest.mark.parametrize("method", COLUMNS)
def test_every_setting_is_there_with_its_default(method: str) -> None:
    kind = load_method(load_plugins([], only="").pretrainings.get(method)).settings
    # Of a momentum that rises, the start.
    written = {name: cell.partition(" to ")[0] for name, cell in COLUMNS[method].items() if cell}
    assert sorted(written) == sorted(kind.model_fields)
    assert read_settings(kind, pairs=[f"{name}={value}" for name, value in written.items()]) == kind()
