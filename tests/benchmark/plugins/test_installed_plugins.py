"""Plugins that are installed, and an installation that has lost its own."""

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from artbench.errors import UsageError
from artbench.plugins.loading import load_plugins
from tests.support.plugin_files import GOOD


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A distribution `artbench-extra` that is installed, as far as Python can tell."""
    (tmp_path / "extra_plugin.py").write_text(dedent(GOOD))
    info = tmp_path / "artbench_extra-2.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: artbench-extra\nVersion: 2.1\n")
    (info / "entry_points.txt").write_text("[artbench]\nextra = extra_plugin\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_an_installed_plugin_is_found_with_distribution_and_version(installed: Path) -> None:
    plugin = next(plugin for plugin in load_plugins().plugins if plugin.name == "extra")
    assert (plugin.distribution, plugin.version, plugin.problem) == ("artbench-extra", "2.1", None)


@pytest.mark.parametrize(
    ("only", "found"), [("", False), ("extra", True), ("artbench-extra, wikiart", True), ("wikiart", False)]
)
def test_artbench_plugins_restricts_outside_plugins(
    installed: Path, monkeypatch: pytest.MonkeyPatch, only: str, found: bool
) -> None:
    monkeypatch.setenv("ARTBENCH_PLUGINS", only)
    names = {plugin.name for plugin in load_plugins().plugins}
    assert ("extra" in names) is found
    assert {"timm", "wikiart", "sample"} <= names


def test_a_plugin_that_is_asked_for_and_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTBENCH_PLUGINS", "wikart")
    with pytest.raises(UsageError, match=r"ARTBENCH_PLUGINS: no plugin .* is called 'wikart'.*mean 'wikiart'"):
        load_plugins()


def test_a_checkout_that_was_updated_and_not_installed_again_is_told(tmp_path: Path) -> None:
    info = tmp_path / "artbench-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: artbench\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[artbench]\nsample = artbench_sample\n")
    script = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from artbench.cli.main import main; main()"
    done = subprocess.run([sys.executable, "-c", script, "list", "tasks"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "own plugins are not all installed. Install artbench again; in a checkout, `pip install -e .`" in done.stderr
