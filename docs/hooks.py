"""Write docs/hooks.md and docs/types.md from the docstrings of the contract of plugins: `python docs/hooks.py`."""

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from artbench import hookspecs, specs
from artbench.runtime.docstrings import attribute_meanings

PAGE = Path(__file__).with_name("hooks.md")
TYPES_PAGE = Path(__file__).with_name("types.md")
# What plugins make and are given, by the module that it is imported from.
TYPES: Mapping[str, tuple[str, ...]] = {
    "artbench.specs": (
        "BackboneSpec",
        "PretrainingSpec",
        "DatasetSpec",
        "TaskSpec",
        "TargetSpec",
        "MetricSpec",
        "ProtocolSpec",
        "Family",
        "Particulars",
        "Prompts",
        "Published",
        "PublishedResult",
    ),
    "artbench.encoders": ("Backbone", "Layers", "TextSide", "Weights", "Corpus", "PublishedFile"),
    "artbench.data": (
        "Dataset",
        "Targets",
        "Split",
        "Answers",
        "Rankings",
        "Neighbourhoods",
        "Fitting",
        "Examples",
        "FeatureRows",
        "Choosing",
        "Fitted",
        "HeldOut",
    ),
    "artbench.pretrain": ("Method", "Objective", "Networks", "ParameterGroup", "Settings", "View"),
}
REGISTERED: Mapping[str, type] = {
    "register_backbones": specs.BackboneSpec,
    "register_pretrainings": specs.PretrainingSpec,
    "register_datasets": specs.DatasetSpec,
    "register_tasks": specs.TaskSpec,
    "register_targets": specs.TargetSpec,
    "register_metrics": specs.MetricSpec,
    "register_protocols": specs.ProtocolSpec,
}
GUIDES: Mapping[str, str] = {
    "register_backbones": "[a backbone](plugins/backbone.md)",
    "register_pretrainings": "[a pretraining](plugins/pretraining.md)",
    "register_datasets": "[a dataset](plugins/dataset.md)",
    "register_tasks": "[a task](plugins/task.md)",
    "register_targets": "[a kind of target](plugins/target.md)",
    "register_metrics": "[a metric](plugins/metric.md)",
    "register_protocols": "[a protocol](plugins/protocol.md)",
}


def hooks() -> dict[str, Callable[..., None]]:
    """Return the hooks of the contract, in the order of their definition."""
    return {name: hook for name, hook in vars(hookspecs).items() if hasattr(hook, "artbench_spec")}


def page() -> str:
    """Return the page as Markdown."""
    lines = [
        "# Hooks",
        "",
        "<!-- Written by docs/hooks.py from the docstrings in artbench.hookspecs and artbench.specs. -->",
        "",
        f"The contract of plugins, number {hookspecs.CONTRACT}. A plugin implements any of these hooks with "
        "`@artbench.hookimpl`;",
        "artbench calls each of them once, when it starts. [Writing a plugin](plugins.md) shows examples.",
    ]
    for name, hook in hooks().items():
        lines += ["", f"## {name}", "", "```python", _signature(hook), "```", ""]
        lines += [_text(hook), "", f"The tests run the example in the guide to {GUIDES[name]}.", ""]
        lines += _described(REGISTERED[name])
    return "\n".join([*lines, "", "## Family", "", *_described(specs.Family, heading=False), ""])


def types() -> dict[str, type]:
    """Return what plugins make, by its full name, in the order of the page."""
    return {
        f"{module}.{name}": getattr(import_module(module), name) for module, names in TYPES.items() for name in names
    }


def types_page() -> str:
    """Return the page of these types as Markdown."""
    lines = [
        "# Types",
        "",
        "<!-- Written by docs/hooks.py from the docstrings of the types. -->",
        "",
        "What a plugin makes: the specs that it registers, and what their factories return; and what its metrics and",
        "probes are given. Each has an example, which the tests run. [Hooks](hooks.md) says what registers them,",
        "[Writing a plugin](plugins.md) shows them at work.",
    ]
    for name, kind in types().items():
        lines += ["", f"## {kind.__name__}", "", f"`{name}`", "", *_described(kind, heading=False)]
        lines += ["", "```python", *_example(kind), "```"]
    return "\n".join([*lines, ""])


def _example(kind: type) -> list[str]:
    """Return the example of a docstring, as it would be typed into Python."""
    _, _, shown = (inspect.getdoc(kind) or "").partition("\nExamples:\n")
    return inspect.cleandoc(shown).splitlines()


def _signature(hook: Callable[..., None]) -> str:
    # From the source, since the text of types differs between versions of Python.
    head, _, _ = inspect.getsource(hook).partition("def ")[2].partition(":\n")
    return f"def {head}: ..."


def _text(described: Any) -> str:
    """Return the docstring up to its first section, on one line."""
    text = re.split(r"\n\n(?:Attributes|Examples):", inspect.getdoc(described) or "")[0]
    # A list keeps its lines.
    return "\n\n".join(
        part if part.lstrip().startswith("1.") else " ".join(part.split()) for part in text.split("\n\n")
    )


def _described(spec: type, *, heading: bool = True) -> Iterator[str]:
    if heading:
        yield from (f"### {spec.__name__}", "")
    yield _text(spec)
    meanings = attribute_meanings(spec)
    if not meanings:
        return
    yield from ("", "| field | default | meaning |", "|---|---|---|")
    defaults = _defaults(spec)
    for name, meaning in meanings.items():
        meaning = meaning.replace("|", r"\|")
        yield f"| `{name}` | {defaults.get(name, 'needed')} | {meaning} |"


def _defaults(spec: type) -> dict[str, str]:
    """Return the defaults of the fields that have one, as Markdown."""
    if issubclass(spec, BaseModel):
        found = {name: f"`{field.default!r}`" for name, field in spec.model_fields.items() if not field.is_required()}
        return found | {name: f"`{getattr(spec, name)!r}`" for name in sorted(spec.__class_vars__)}
    if not dataclasses.is_dataclass(spec):
        return {name: f"`{getattr(spec, name)!r}`" for name in inspect.get_annotations(spec) if hasattr(spec, name)}
    found = dict[str, str]()
    for field in dataclasses.fields(spec):
        if callable(field.default):
            found[field.name] = "none"
        elif field.default is not dataclasses.MISSING:
            found[field.name] = f"`{field.default!r}`"
        elif field.default_factory is not dataclasses.MISSING:
            found[field.name] = f"`{field.default_factory()!r}`"
    return found


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    TYPES_PAGE.write_text(types_page(), encoding="utf-8")
