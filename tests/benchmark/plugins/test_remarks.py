"""Names of a plugin that another one has too, alone or in a family."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from artbench.cli.main import artbench
from artbench.plugins.loading import load_plugins
from artbench.plugins.remarks import remarks

HEAD = """
from artbench import hookimpl
from artbench.specs import BackboneSpec, Family

@hookimpl
def register_backbones(register):
"""
ALONE = HEAD + "    register(BackboneSpec(name={name!r}, description='Mine.', factory='nowhere:build'))\n"
FAMILY = (
    HEAD
    + """
    register(Family(name="mine", description="Mine.", resolve=resolve, names=tuple))

def resolve(name):
    if name == "broken-name":
        raise RuntimeError("no")
    return BackboneSpec(name=name, description="Mine.", factory="nowhere:build") if name.startswith("colour") else None
"""
)


def said(folder: Path, **files: str) -> dict[str, list[str]]:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    registry = load_plugins([folder / f"{name}.py" for name in files], only="")
    return {plugin.name: [found.message for found in remarks(plugin, registry)] for plugin in registry.plugins}


def test_a_name_that_a_family_knows_is_told_where_plugins_are_shown(tmp_path: Path) -> None:
    found = said(tmp_path, mine=ALONE.format(name="resnet18"))
    assert "its backbone resnet18 shares the name with one of the family timm of artbench" in found.pop("mine")
    assert not any(found.values())
    done = CliRunner().invoke(artbench, ["plugins", "--json", "--plugin", str(tmp_path / "mine.py")])
    row = next(row for row in json.loads(done.stdout) if row["name"] == "mine")
    assert row["remarks"] == ["its backbone resnet18 shares the name with one of the family timm of artbench"]


def test_a_family_that_knows_the_names_of_others_is_told(tmp_path: Path) -> None:
    found = said(tmp_path, mine=FAMILY, other=ALONE.format(name="colour-blind"))
    (remark,) = found["mine"]
    assert remark == ("its backbone family mine also knows colour-histogram of artbench, colour-blind of other.py")
    assert found["other"] == ["its backbone colour-blind shares the name with one of the family mine of mine.py"]


def test_a_family_of_a_library_knows_only_the_names_that_it_lists(tmp_path: Path) -> None:
    listed = FAMILY.replace("names=tuple", "names=lambda: ['colour-blind'], library='json'")
    found = said(tmp_path, mine=listed, other=ALONE.format(name="colour-blind"))
    assert found["mine"] == ["its backbone family mine also knows colour-blind of other.py"]


@pytest.mark.parametrize("name", ["hog", "broken-name"])
def test_a_name_of_ones_own_is_not_remarked(tmp_path: Path, name: str) -> None:
    found = said(tmp_path, mine=ALONE.format(name=name), more=FAMILY.replace("colour", "monochrome"))
    assert not any(found.values())
