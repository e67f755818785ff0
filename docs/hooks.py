"""Write docs/hooks.md from the docstrings of the hooks and of what they register: `python docs/hooks.py`."""

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from artbench import hookspecs, specs

PAGE = Path(__file__).with_name("hooks.md")
REGISTERED: Mapping[str, type] = {
    "register_backbones": specs.BackboneSpec,
    "register_pretrainings": specs.PretrainingSpec,
    "register_datasets": specs.DatasetSpec,
    "register_tasks": specs.TaskSpec,
}
GUIDES: Mapping[str, str] = {
    "register_backbones": "[a backbone](plugins/backbone.md)",
    "register_pretrainings": "[a pretraining](plugins/pretraining.md)",
    "register_datasets": "[a dataset](plugins/dataset.md)",
    "register_tasks": "[a task](plugins/task.md)",
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


def _signature(hook: Callable[..., None]) -> str:
    # From the source, since the text of types differs between versions of Python.
    head, _, _ = inspect.getsource(hook).partition("def ")[2].partition(":\n")
    return f"def {head}: ..."


def _text(described: Any) -> str:
    """Return the docstring up to its first section, on one line."""
    text, _, _ = (inspect.getdoc(described) or "").partition("\n\nAttributes:")
    return " ".join(text.split())


def _described(spec: type, *, heading: bool = True) -> Iterator[str]:
    if heading:
        yield from (f"### {spec.__name__}", "")
    yield from (_text(spec), "", "| field | default | meaning |", "|---|---|---|")
    meanings = _attributes(spec)
    for field in dataclasses.fields(spec):
        default = "needed" if field.default is dataclasses.MISSING else f"`{field.default!r}`"
        yield f"| `{field.name}` | {default} | {meanings[field.name]} |"


def _attributes(spec: type) -> dict[str, str]:
    """Return the docstring's description of each attribute."""
    _, _, section = (inspect.getdoc(spec) or "").partition("\nAttributes:\n")
    section = section.partition("\n\n")[0]
    found = re.findall(r"^    (\w+): (.*(?:\n     +.*)*)", section, re.MULTILINE)
    return {name: " ".join(text.split()).replace("|", r"\|") for name, text in found}


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
