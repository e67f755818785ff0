"""docs/testing-plugins.md names what there is; the tests that it shows are run by test_plugins_page.py."""

import re
from pathlib import Path

import artbench.testing
from artbench.testing import pytest_plugin
from artbench.testing.tiny import network

PAGE = (Path(__file__).parents[2] / "docs" / "testing-plugins.md").read_text(encoding="utf-8")


def test_all_of_its_python_has_the_name_of_a_file_of_tests() -> None:
    assert len(re.findall(r"```python\n# test_\w+\.py\n", PAGE)) == PAGE.count("```python")


def test_the_page_names_what_there_is() -> None:
    for name in artbench.testing.__all__:
        if name.startswith(("check_", "examine_")):
            assert f"`{name}" in PAGE
    for fixture in re.findall(r"`(artbench_\w+)`", PAGE):
        assert hasattr(pytest_plugin, fixture)
    parameters = sum(parameter.numel() for parameter in network().module.parameters())
    assert f"{parameters:,} parameters" in PAGE
