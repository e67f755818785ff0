"""The page of the hooks says what their docstrings say; every hook has its test and its example."""

import doctest
import importlib.util
import inspect
import re
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from artbench.hookspecs import CONTRACT
from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry
from artbench.specs import load_factory

DOCS = Path(__file__).parents[2] / "docs"
PLUGINS = (DOCS / "plugins.md").read_text(encoding="utf-8")


def _writer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hooks_page", DOCS / "hooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


WRITER = _writer()
HOOKS = list(WRITER.hooks())


def test_the_page_is_what_the_docstrings_say_now() -> None:
    assert (DOCS / "hooks.md").read_text(encoding="utf-8") == WRITER.page(), "run `python docs/hooks.py`"


def test_the_page_of_types_is_what_their_docstrings_say_now() -> None:
    assert (DOCS / "types.md").read_text(encoding="utf-8") == WRITER.types_page(), "run `python docs/hooks.py`"


@pytest.mark.parametrize("name", WRITER.types())
def test_every_type_that_plugins_make_shows_how_it_is_made(name: str) -> None:
    kind = WRITER.types()[name]
    example = doctest.DocTestParser().get_doctest(inspect.getdoc(kind) or "", {}, name, None, 0)
    assert example.examples, f"{name} needs an example in its docstring"
    said: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=said.append)
    assert not said, "".join(said)
    assert f"\n## {kind.__name__}\n" in WRITER.types_page()


@pytest.mark.parametrize("module", ["artbench.data", "artbench.encoders", "artbench.pretrain"])
def test_every_promised_type_is_on_the_page(module: str) -> None:
    promised = import_module(module)
    types = {name for name in promised.__all__ if inspect.isclass(getattr(promised, name))}
    assert types == set(WRITER.TYPES[module])


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_page_a_guide_and_an_example_that_is_run(hook: str) -> None:
    assert f"\n## {hook}\n" in WRITER.page()
    (page,) = re.findall(r"\]\((plugins/[a-z]+\.md)\)", WRITER.GUIDES[hook])
    # Those with a file name in their first line are run, by test_plugins_page.py.
    examples = re.findall(r"```python\n# \w+\.py\n.*?```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)
    assert any(f"def {hook}(register)" in example for example in examples)


def test_the_guide_states_the_number_of_this_contract() -> None:
    assert f"```python\nARTBENCH_CONTRACT = {CONTRACT}\n```" in PLUGINS
    assert f"`artbench.hookspecs.CONTRACT`, now {CONTRACT}." in " ".join(PLUGINS.split())


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_test(hook: str) -> None:
    assert f"test_{hook}" in globals()


def offered(folder: Path, hook: str, spec: str) -> Registry:
    """What a plugin with this one hook and this one spec adds to the built-in ones."""
    file = folder / "one_hook.py"
    lines = ["from artbench import hookimpl, specs", "", "@hookimpl", f"def {hook}(register):", f"    register({spec})"]
    file.write_text("\n".join(lines) + "\n")
    registry = load_plugins([file], only="")
    assert registry.plugins[-1].registered == {hook.removeprefix("register_")[:-1]: ("mine",)}
    return registry


def test_register_backbones(tmp_path: Path) -> None:
    spec = "specs.BackboneSpec(name='mine', description='Mine.', factory=lambda: 'built')"
    found = offered(tmp_path, "register_backbones", spec).backbones.get("mine")
    assert str(load_factory(found.factory)()) == "built"


def test_register_pretrainings(tmp_path: Path) -> None:
    spec = "specs.PretrainingSpec(name='mine', description='Mine.', method=lambda: 'trained')"
    found = offered(tmp_path, "register_pretrainings", spec).pretrainings.get("mine")
    assert found.method is not None
    assert str(load_factory(found.method)()) == "trained"


def test_register_datasets(tmp_path: Path) -> None:
    spec = (
        "specs.DatasetSpec(name='mine', description='Mine.', factory=lambda root: root.name, source='me', layout='any')"
    )
    found = offered(tmp_path, "register_datasets", spec).datasets.get("mine")
    assert str(load_factory(found.factory)(Path("pictures"))) == "pictures"


def test_register_tasks(tmp_path: Path) -> None:
    spec = (
        "specs.TaskSpec(name='mine', description='Mine.', dataset='sample', target='single-label', "
        "primary_metric='accuracy', factory='nowhere:targets')"
    )
    found = offered(tmp_path, "register_tasks", spec).tasks.get("mine")
    assert (found.dataset, found.primary_metric) == ("sample", "accuracy")


def test_register_targets(tmp_path: Path) -> None:
    spec = "specs.TargetSpec(name='mine', description='Mine.', answer='class', metrics=('accuracy',))"
    found = offered(tmp_path, "register_targets", spec).targets.get("mine")
    assert (found.answer, found.metrics) == ("class", ("accuracy",))


def test_register_metrics(tmp_path: Path) -> None:
    spec = "specs.MetricSpec(name='mine', description='Mine.', target='year', measure=lambda answers: 0.5)"
    found = offered(tmp_path, "register_metrics", spec).metrics.get("mine")
    assert load_factory(found.measure)(None) == 0.5  # type: ignore[arg-type]


def test_register_protocols(tmp_path: Path) -> None:
    spec = "specs.ProtocolSpec(name='mine', description='Mine.', probe=lambda given: 'fitted')"
    found = offered(tmp_path, "register_protocols", spec).protocols.get("mine")
    assert found.probe is not None
    assert str(load_factory(found.probe)(None)) == "fitted"  # type: ignore[arg-type]
