"""The pages on what explains say what each option of the commands is for."""

from pathlib import Path

import click
import pytest

from artbench.cli.explain.filters import filters
from artbench.cli.explain.gradcam import gradcam
from artbench.cli.explain.map import map_
from artbench.cli.explain.neighbours import neighbours
from artbench.cli.explore import explore
from artbench.cli.report import report

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [
    (filters, "explain-filters.md"),
    (gradcam, "explain-gradcam.md"),
    (map_, "explain-map.md"),
    (neighbours, "explain-map.md"),
    (explore, "explore.md"),
    (report, "report.md"),
]


@pytest.mark.parametrize(("command", "page"), PAGES, ids=[str(command.name) for command, _ in PAGES])
def test_every_option_is_on_the_page(command: click.Command, page: str) -> None:
    text = (DOCS / page).read_text()
    options = {name for parameter in command.params for name in parameter.opts} - {"--debug"}
    assert not {name for name in options if f"{name}`" not in text and f"{name} " not in text}
