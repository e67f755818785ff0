"""`artbench list pretrainings NAME` with the settings of a method."""

import json
from pathlib import Path

from tests.support.command_line import CommandLine

PLUGIN = '''
from artbench import hookimpl
from artbench.specs import PretrainingSpec


@hookimpl
def register_pretrainings(register):
    register(PretrainingSpec(name="mine", description="Mine.", method=method, seeded=True))


def method():
    from pydantic import Field
    from artbench.pretrain import Method, Settings

    class Mine(Settings):
        """Mine.

        Attributes:
            width: Width of the head,
                in numbers.
        """

        lr: float = 0.5
        width: int = Field(default=7, ge=3)
        mood: frozenset[str] = Field(default=frozenset(), description="Anything.")

    return Method(settings=Mine, build=None)
'''


def test_the_whole_name_of_a_method_lists_its_settings(tmp_path: Path, command_line: CommandLine) -> None:
    file = tmp_path / "mine.py"
    file.write_text(PLUGIN)
    words = ("list", "pretrainings", "mine", "--plugin", str(file))
    (row,) = json.loads(command_line(*words, "--json").stdout)
    settings = {one["name"]: one for one in row["settings"]}
    assert [one["name"] for one in row["settings"]][:3] == ["width", "mood", "epochs"]
    assert settings["width"] == {
        "name": "width",
        "default": "7",
        "takes": "a whole number, 3 or more",
        "meaning": "Width of the head, in numbers.",
        "own": True,
    }
    assert (settings["mood"]["takes"], settings["mood"]["meaning"]) == ("", "Anything.")
    # The range is artbench's, though the plugin states none.
    assert (settings["lr"]["default"], settings["lr"]["takes"]) == ("0.5", "a number, above 0 to 100")
    assert all(one["meaning"] for one in settings.values())
    lines = command_line(*words).stdout.splitlines()
    assert lines[0] == "mine\tMine."
    assert "  width\t7\ta whole number, 3 or more\tWidth of the head, in numbers." in lines


def test_other_names_have_no_settings(command_line: CommandLine) -> None:
    rows = json.loads(command_line("list", "pretrainings", "moco-v2", "--json").stdout)
    assert {row["name"]: "settings" in row for row in rows} == {"moco-v2": True, "moco-v2-small": False}
    rows = json.loads(command_line("list", "pretrainings", "random", "--json").stdout)
    assert [row.get("settings") for row in rows] == [None]
