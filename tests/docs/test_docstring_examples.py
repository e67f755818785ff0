"""Every function that docs/stability.md promises shows in its docstring how it is called, and that works."""

import doctest
import inspect
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from artbench.testing.tiny import TinyDataset, paint

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = "\n".join(page.read_text(encoding="utf-8") for page in sorted((DOCS / "reference").glob("*.md")))


def promised() -> dict[str, tuple[str, ...]]:
    """The promised names by the module that they are imported from, as the table of import paths lists them."""
    _, _, section = (DOCS / "stability.md").read_text(encoding="utf-8").partition("\n## Import paths\n")
    rows = re.findall(r"^\| `([\w.]+)` \| (.*) \| .* \|$", section.partition("\n## ")[0], re.MULTILINE)
    return {module: names_in(module, listed) for module, listed in rows}


def names_in(module: str, listed: str) -> tuple[str, ...]:
    if "__all__`" in listed:
        return tuple(import_module(module).__all__)
    return tuple(name for name in re.findall(r"`(\w+)`", listed) if hasattr(import_module(module), name))


def own_functions(module: str) -> list[str]:
    """The public functions that a module defines itself; hooks are for plugins to define, and have their own page."""
    return [
        name
        for name, member in vars(import_module(module)).items()
        if inspect.isfunction(member)
        and member.__module__ == module
        and not name.startswith("_")
        and not hasattr(member, "artbench_spec")
    ]


def functions() -> dict[str, Any]:
    found = {}
    for module, names in promised().items():
        for name in dict.fromkeys((*names, *own_functions(module))):
            member = getattr(import_module(module), name)
            if inspect.isfunction(member):
                found[f"{module}.{name}"] = member
    return found


FUNCTIONS = functions()


def test_the_surface_is_found() -> None:
    assert {"artbench.run", "artbench.pretrain.follow", "artbench.testing.check_task"} <= set(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.usefixtures("little_sample")
def test_a_function_shows_how_it_is_called(name: str, tmp_path: Path) -> None:
    (tmp_path / "tiny").mkdir()
    paint(tmp_path / "tiny")
    tiny = TinyDataset(root=tmp_path / "tiny")
    example = doctest.DocTestParser().get_doctest(
        inspect.getdoc(FUNCTIONS[name]) or "", {"tiny": tiny}, name, inspect.getsourcefile(FUNCTIONS[name]), 0
    )
    assert example.examples, f"{name} needs an example in its docstring"
    said: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=said.append)
    assert not said, "".join(said)


@pytest.mark.parametrize(
    "name", [f"{module}.{name}" for module, names in promised().items() for name in names if module != "artbench"]
)
def test_a_promised_name_is_in_the_reference(name: str) -> None:
    assert f"\n::: {name}\n" in REFERENCE


@pytest.mark.parametrize("name", promised()["artbench"])
def test_what_artbench_offers_is_in_the_reference(name: str) -> None:
    # `artbench.features` is a package too, which is what mkdocstrings would find.
    assert re.search(rf"^::: artbench(\.api\.\w+)?\.{name}$", REFERENCE, re.MULTILINE)
