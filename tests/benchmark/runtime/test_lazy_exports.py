"""Every name that docs/stability.md promises can be imported, and a face costs nothing until a name is asked for."""

import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

FACES = [
    "artbench",
    "artbench.data",
    "artbench.data.authoring",
    "artbench.encoders",
    "artbench.pretrain",
    "artbench.testing",
]
STABILITY = Path(__file__).parents[3] / "docs" / "stability.md"


def promised() -> list[tuple[str, str]]:
    """Module and name, from the table of import paths."""
    table = STABILITY.read_text(encoding="utf-8").partition("## Import paths")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(artbench[\w.]*)` \| (.*?) \|", table, flags=re.MULTILINE)
    return [(module, name) for module, names in rows for name in re.findall(r"`(\w+)`", names) if name != "__all__"]


def test_the_page_names_every_face() -> None:
    assert set(FACES) <= {module for module, _ in promised()} | {"artbench.testing"}


@pytest.mark.parametrize(("module", "name"), promised())
def test_every_promised_name_imports(module: str, name: str) -> None:
    assert hasattr(import_module(module), name)


@pytest.mark.parametrize("face", FACES)
def test_a_face_offers_what_it_lists(face: str) -> None:
    module = import_module(face)
    assert sorted(module.__all__) == list(module.__all__)
    for name in module.__all__:
        found = getattr(module, name)
        assert found is not None
        assert name in dir(module)
        # A submodule of the same name would hide what is promised.
        assert type(found).__name__ != "module"
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = module.nonsense


def test_a_face_imports_nothing_before_a_name_is_asked_for() -> None:
    code = f"import json, sys\nimport {', '.join(FACES)}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "torch", "pydantic", "click"} & set(json.loads(done.stdout))
