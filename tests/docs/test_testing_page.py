"""The tests that docs/testing-plugins.md shows are run as they stand there, with the fixtures of the installed kit."""

import re
import subprocess
import sys
from pathlib import Path

import artbench.testing
from artbench.testing import pytest_plugin
from artbench.testing.tiny import network

PAGE = (Path(__file__).parents[2] / "docs" / "testing-plugins.md").read_text(encoding="utf-8")


def test_the_page_runs(tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(# (\w+\.py)\n.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == PAGE.count("```python")
    for text, name in blocks:
        (tmp_path / name).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout


def test_the_page_names_what_there_is() -> None:
    for name in artbench.testing.__all__:
        if name.startswith(("check_", "examine_")):
            assert f"`{name}" in PAGE
    for fixture in re.findall(r"`(artbench_\w+)`", PAGE):
        assert hasattr(pytest_plugin, fixture)
    parameters = sum(parameter.numel() for parameter in network().module.parameters())
    assert f"{parameters:,} parameters" in PAGE
