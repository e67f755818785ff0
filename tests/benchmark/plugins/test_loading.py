"""The plugin layer: what strangers register is found by its name."""

from pathlib import Path
from textwrap import dedent

import pytest

from artbench import hookspecs
from artbench.errors import UsageError
from artbench.plugins.loading import load_plugins
from artbench.plugins.remarks import remarks
from tests.support.plugin_files import GOOD, SHARED, plugin_file

# Of two plugins with the names of this one, both are loaded.


def test_every_hook_is_called_and_nothing_behind_a_factory_is_imported(tmp_path: Path) -> None:
    registry = load_plugins([plugin_file(tmp_path, GOOD)], only="")
    mine = registry.plugins[-1]
    assert mine.problem is None
    assert mine.registered == {
        "backbone": ("hog", "zoo"),
        "pretraining": ("stripes",),
        "dataset": ("etchings",),
        "task": ("etchings-school",),
        "target": ("state",),
        "metric": ("state_error",),
        "protocol": ("etched-v1",),
    }
    assert registry.backbones.get("hog").description == "Histograms."
    assert registry.backbones.get("zebra").name == "zebra"
    assert registry.pretrainings.get("stripes")
    assert registry.datasets.get("etchings")
    assert registry.tasks.get("etchings-school")


def test_every_hook_of_the_contract_is_among_those_above() -> None:
    hooks = {name for name in vars(hookspecs) if name.startswith("register_")}
    assert all(hook in GOOD for hook in hooks)
    assert len(hooks) == 7


def test_an_unknown_name_is_answered_with_the_nearest_of_families_too(tmp_path: Path) -> None:
    registry = load_plugins([plugin_file(tmp_path, GOOD)], only="")
    with pytest.raises(UsageError, match="zebra"):
        registry.backbones.get("zebbra")
    with pytest.raises(UsageError, match="etchings-school"):
        registry.tasks.get("etching-school")


def test_two_of_one_name_are_told_apart_by_their_distribution(tmp_path: Path) -> None:
    files = [plugin_file(tmp_path, SHARED, "first.py"), plugin_file(tmp_path, SHARED, "second.py")]
    registry = load_plugins(files, only="")
    with pytest.raises(UsageError, match=r"first\.py and second\.py"):
        registry.backbones.get("hog")
    assert registry.backbones.get("second.py:hog").name == "second.py:hog"
    with pytest.raises(UsageError, match="no backbone"):
        registry.backbones.get("third.py:hog")
    single = load_plugins(files[:1], only="")
    assert single.backbones.get("first.py:hog").name == "hog"


@pytest.mark.parametrize("line", ["ARTBENCH_CONTRACT = 1", "ARTBENCH_CONTRACT: int = 1", "# ARTBENCH_CONTRACT = 9"])
def test_a_plugin_made_for_this_contract_or_for_none_in_particular_is_loaded(tmp_path: Path, line: str) -> None:
    registry = load_plugins([plugin_file(tmp_path, f"{line}\n" + dedent(GOOD))], only="")
    assert registry.plugins[-1].problem is None


def test_a_plugin_file_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone\.py"):
        load_plugins([tmp_path / "gone.py"], only="")


def test_a_name_that_is_built_in_is_not_taken_away(tmp_path: Path) -> None:
    text = dedent(SHARED).replace('name="hog"', 'name="colour-histogram"')
    registry = load_plugins([plugin_file(tmp_path, text)], only="")
    entry, spec = registry.backbones.find("colour-histogram")
    assert (entry.distribution, spec.name) == ("artbench", "colour-histogram")
    # Asked for by its distribution it is the same, and has one name on record.
    assert registry.backbones.get("artbench:colour-histogram").name == "colour-histogram"
    entry, spec = registry.backbones.find("mine.py:colour-histogram")
    assert (entry.distribution, spec.name) == ("mine.py", "mine.py:colour-histogram")
    assert any("shares the name" in remark.message for remark in remarks(registry.plugins[-1], registry))


def test_a_file_that_is_named_twice_is_one_plugin(tmp_path: Path) -> None:
    file = plugin_file(tmp_path, GOOD)
    registry = load_plugins([file, file, tmp_path / ".." / tmp_path.name / "mine.py"], only="")
    assert [plugin.name for plugin in registry.plugins].count("mine") == 1
    assert registry.backbones.get("hog").name == "hog"
