"""`artbench plugins`, its `--time`, and `artbench plugins check`."""

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from artbench.cli.main import artbench
from artbench.errors import UsageError
from artbench.testing import TinyDataset
from artbench.testing.loading_time import outer_imports
from artbench.testing.tiny import paint

BROKEN = """
from artbench import hookimpl
from artbench.specs import BackboneSpec, Family, TaskSpec

@hookimpl
def register_backbones(register):
    register(BackboneSpec(name="mine", description="Mine.", factory="nowhere:build"))
    register(Family(name="mines", description="More.", resolve=resolve, names=lambda: ["one", "two"]))

def resolve(name):
    if name == "one":
        return BackboneSpec(name="one", description="One.", factory="nowhere:build")
    raise KeyError(name)

@hookimpl
def register_tasks(register):
    register(TaskSpec(name="mine", description="Mine.", dataset="nothing", target="year", primary_metric="accuracy",
                      factory="nowhere:targets"))
"""


def call(*words: str) -> Result:
    return CliRunner().invoke(artbench, ["plugins", *words], standalone_mode=False)


def rows(done: Result) -> list[dict[str, Any]]:
    assert done.exception is None, done.exception
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def written(folder: Path, text: str, *, name: str = "mine.py") -> str:
    (folder / name).write_text(textwrap.dedent(text))
    return str(folder / name)


def test_each_plugin_is_shown_with_its_file_and_the_time_it_takes(tmp_path: Path) -> None:
    file = written(tmp_path, "import a_library_that_is_not_there")
    found = {row["name"]: row for row in rows(call("--json", "--plugin", file))}
    assert found["moco"]["file"].endswith("artbench_moco/__init__.py")
    assert found["moco"]["seconds"] < 5
    assert found["mine"]["file"] == file
    assert "a_library_that_is_not_there" in found["mine"]["problem"]
    shown = call("--plugin", file)
    assert "artbench_moco" in shown.stdout
    assert "0.0" in shown.stdout


@pytest.mark.integration
def test_the_slow_ones_come_first_with_what_is_slow_in_them_and_what_to_change(tmp_path: Path) -> None:
    (tmp_path / "slow_library.py").write_text("import time\ntime.sleep(1.1)\n")
    mine = written(
        tmp_path,
        f"""
        import sys
        sys.path.insert(0, {str(tmp_path)!r})
        import slow_library
        """,
    )
    working = written(tmp_path, "import time\ntime.sleep(1.1)\n", name="working.py")
    importing = written(tmp_path, "import torch\n", name="importing.py")
    # Each plugin is timed in a process of its own, the built-in ones too: all that is slow at once.
    slow = ["--plugin", mine, "--plugin", working, "--plugin", importing]
    timed = rows(call("--time", "--json", *slow))
    assert {row["name"] for row in timed[:3]} == {"mine", "working", "importing"}
    found = {row["name"]: row["alone"] for row in timed}
    assert [name for name, alone in found.items() if alone["slow"]] == [row["name"] for row in timed[:3]]
    assert next(iter(found["mine"]["imports"])) == "slow_library"
    assert "Import slow_library inside the functions" in found["mine"]["mend"]
    assert "at its top" in found["working"]["mend"]
    assert "Import torch inside the functions" in found["importing"]["mend"]
    shown = call("--time", "--plugin", mine).stdout
    assert shown.index("mine") < shown.index("moco")
    assert "slow_library" in shown


def test_imports_are_charged_to_the_outermost_library_that_a_plugin_imports() -> None:
    lines = """\
import time:        10 |         10 |       csv
import time:        10 |         30 |     numpy.core
import time:        10 |         50 |   torch
import time:        10 |         10 |   mine.part
import time:        10 |        100 | mine
import time:        10 |         20 | numpy
printed by the plugin
"""
    assert outer_imports(lines.splitlines(), own={"mine"}) == {"torch": 50e-6, "numpy": 20e-6}


def test_a_sound_plugin_passes(artbench_tiny_dataset: TinyDataset) -> None:
    done = call("check", "--plugin", str(artbench_tiny_dataset.plugin), "--json")
    found = rows(done)
    assert {(row["status"], row["mend"]) for row in found} == {("PASS", "")}
    assert {row["about"] for row in found} == {"plugin", "backbone tiny", "dataset tiny", "task tiny-colour"}
    assert done.return_value == 0


@pytest.mark.usefixtures("artbench_isolated")
def test_a_broken_one_fails_with_what_to_change(tmp_path: Path) -> None:
    done = call("check", "--plugin", written(tmp_path, BROKEN), "--json")
    found = {(row["about"], row["name"]): row for row in rows(done)}
    assert done.return_value == 1
    assert found["plugin", "contract"]["mend"].startswith("Write ARTBENCH_CONTRACT = 1")
    assert "can't be loaded" in found["backbone mine", "factory"]["message"]
    assert "two (KeyError" in found["backbone family mines", "resolved"]["message"]
    assert "Return None" in found["backbone family mines", "unknown names"]["mend"]
    assert found["backbone one", "factory"]["status"] == "FAIL"
    assert found["task mine", "checks"]["status"] == "SKIP"


def test_what_can_not_be_loaded_or_registers_nothing_fails(tmp_path: Path) -> None:
    for text, words in (("1 / 0", "ZeroDivisionError"), ("", "@artbench.hookimpl"), ("print('hello')", "`logging`")):
        done = call("check", "--plugin", written(tmp_path, text))
        assert done.return_value == 1
        assert words in done.stdout


def test_a_name_that_a_family_of_another_has_is_told(tmp_path: Path) -> None:
    file = tmp_path / "taking.py"
    file.write_text(
        "from artbench import hookimpl\nfrom artbench.specs import BackboneSpec\n\n@hookimpl\n"
        "def register_backbones(register):\n"
        "    register(BackboneSpec(name='resnet18', description='Mine.', factory='nowhere:build'))\n"
    )
    found = json.loads(call("check", "--plugin", str(file), "--json").stdout)
    said = json.dumps(found)
    assert "its backbone resnet18 shares the name with one of the family timm of artbench" in said


def test_absent_data_is_skipped_and_said_and_data_is_found_where_it_is_placed(
    artbench_tiny_dataset: TinyDataset, tmp_path: Path
) -> None:
    done = call("check", "wikiart", "--json")
    assert done.return_value == 0
    skipped = [row for row in rows(done) if row["status"] == "SKIP"]
    assert {row["about"] for row in skipped} >= {"dataset wikiart", "task wikiart-style"}
    assert all("--data" in row["mend"] or "It should hold" in row["mend"] for row in skipped)
    moved = tmp_path / "moved"
    moved.mkdir()
    paint(moved)
    (moved / "red" / "00.jpg").write_bytes(b"no image")
    done = call("check", "--plugin", str(artbench_tiny_dataset.plugin), "--data", f"tiny={moved}")
    assert done.return_value == 1
    assert "red/00.jpg" in done.stdout


def test_pretrainings_are_checked_with_a_backbone_that_has_weights() -> None:
    found = {row["about"]: row for row in rows(call("check", "weights", "--backbone", "colour-histogram", "--json"))}
    assert found["pretraining none"]["status"] == "PASS"
    assert "no weights for the backbone colour-histogram" in found["pretraining imagenet"]["message"]


def test_one_of_a_family_is_checked_by_its_name() -> None:
    done = call("check", "timm", "--of-family", "tf_efficientnet_lite0", "--json")
    found = rows(done)
    assert {row["about"] for row in found} == {"plugin", "backbone family timm", "backbone tf_efficientnet_lite0"}
    assert {row["status"] for row in found} == {"PASS"}, [row for row in found if row["status"] != "PASS"]


def test_a_name_that_nobody_has_is_answered_with_the_nearest_and_none_at_all_is_refused() -> None:
    for words, answer in ((["wikart"], "wikiart"), ([], "Name a plugin")):
        done = call("check", *words)
        assert isinstance(done.exception, UsageError)
        assert answer in str(done.exception)


@pytest.mark.usefixtures("artbench_isolated")
def test_a_search_of_backbones_tells_size_and_weights_without_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    words = ["list", "backbones", "vit_small*dino*"]
    done = CliRunner().invoke(artbench, [*words, "--json"], standalone_mode=False)
    found = {row["name"]: row for row in rows(done)}
    assert found["vit_small_patch16_224.dino"]["parameters"] == 21_665_664
    assert {row["weights"] for row in found.values()} <= {"here", "to download"}
    shown = CliRunner().invoke(artbench, words, standalone_mode=False).stdout
    assert "vit_small_patch16_224.dino\t" in shown
    assert "\t21.7 M\tweights to download" in shown
    lite = CliRunner().invoke(artbench, ["list", "backbones", "colour-histogram", "--json"], standalone_mode=False)
    assert rows(lite)[0]["parameters"] is None
