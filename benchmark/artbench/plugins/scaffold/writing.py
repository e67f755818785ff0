"""Writing the package of a new plugin from templates."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from artbench.errors import ArtbenchError, UsageError
from artbench.hookspecs import CONTRACT
from artbench.plugins.scaffold.naming import Names
from artbench.specs.protocols import check_no_variant

if TYPE_CHECKING:
    from artbench.plugins.registry import Registry


_TOOLS = ("mypy>=1.14", "pytest>=8.2", "ruff>=0.9")
_ENDING = ".jinja"
_ELSEWHERE = "--out names another folder"


def check_out(folder: Path) -> None:
    """Raise unless a folder is absent or empty.

    Raises:
        UsageError: It holds something, or is a file.
    """
    try:
        taken = next(folder.iterdir(), None)
    except FileNotFoundError:
        return
    except OSError as error:
        raise UsageError(f"{folder} can't be written ({error.strerror})", mend=_ELSEWHERE) from error
    if taken is not None:
        raise UsageError(f"{folder} is not empty: it holds {taken.name}", mend=f"Nothing is overwritten; {_ELSEWHERE}")


def write_plugin(names: Names, kind: str, folder: Path) -> tuple[str, ...]:
    """Write a package into `folder`, all files or none, and return their paths below it, ascending.

    Args:
        names: Names of the plugin.
        kind: One of `KINDS`.
        folder: Absent or empty.

    Raises:
        UsageError: The folder holds something.
        ArtbenchError: It can't be written.
    """
    check_out(folder)
    texts = dict(_texts(names, kind))
    try:
        _place(texts, folder.resolve())
    except OSError as error:
        raise ArtbenchError(f"{folder} can't be written ({error.strerror})", mend=_ELSEWHERE) from error
    return tuple(sorted(texts))


def _texts(names: Names, kind: str) -> Iterator[tuple[str, str]]:
    """Yield the path and text of each file."""
    environment = Environment(
        loader=PackageLoader(__package__, "templates"),
        # Python, TOML and Markdown, filled with checked names and texts of ours.
        autoescape=False,  # noqa: S701
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    about = KINDS[kind]
    values = {
        "name": names.registered,
        "distribution": names.distribution,
        "module": names.module,
        "summary": about.summary,
        "dependencies": sorted([f"artbench>={metadata.version('artbench').partition('+')[0]}", *about.dependencies]),
        "development": sorted([*_TOOLS, *about.development]),
        "trial": about.trial.replace("NAME", names.registered),
        "contract": CONTRACT,
    }
    for template in environment.list_templates(filter_func=lambda path: path.startswith(("common/", f"{kind}/"))):
        path = template.partition("/")[2].removesuffix(_ENDING)
        # Files that begin with a dot, or whose folder is a Python package, are not packaged as templates.
        path = path.replace("dot-", ".").replace("MODULE", names.module)
        yield path, environment.get_template(template).render(values)


def _place(texts: dict[str, str], folder: Path) -> None:
    """Write all files to a temporary folder on the same disk, then move them into place."""
    there = folder.is_dir()
    base = folder if there else folder.parent
    base.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".artbench-new-", dir=base) as temporary:
        whole = Path(temporary) / "whole"
        for path, text in texts.items():
            (whole / path).parent.mkdir(parents=True, exist_ok=True)
            (whole / path).write_text(text, encoding="utf-8", newline="\n")
        if not there:
            whole.rename(folder)
            return
        # The folder itself stays: it may be a shell's working directory, or a mount.
        for part in whole.iterdir():
            part.rename(folder / part.name)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of plugin that a template makes.

    Attributes:
        summary: Description of the package, in one line.
        registers: Kinds of what it registers, each with the suffix behind the plugin's name.
        dependencies: Dependencies of the package, besides artbench.
        development: Dependencies of its tests, besides the tools of every package.
        trial: The first command to try; `NAME` stands for the plugin's name.
    """

    summary: str
    registers: Mapping[str, str]
    dependencies: tuple[str, ...]
    development: tuple[str, ...] = ()
    trial: str

    def registered(self, names: Names) -> list[tuple[str, str]]:
        """Return kind and name of everything that it registers."""
        return [(kind, names.registered + suffix) for kind, suffix in self.registers.items()]


KINDS: Mapping[str, Kind] = {
    "backbone": Kind(
        summary="A small residual network as a backbone of artbench",
        registers={"backbone": ""},
        dependencies=("torch>=2.6",),
        trial="artbench run --backbone NAME --pretraining random --task sample-style",
    ),
    "pretraining": Kind(
        summary="SimSiam as a pretraining of artbench",
        registers={"pretraining": ""},
        dependencies=("pydantic>=2.6", "torch>=2.6"),
        trial="artbench pretrain NAME --backbone resnet18 --dataset sample --out trained --set steps=20 "
        "--set batch_size=32 --set crop_size=64",
    ),
    "dataset": Kind(
        summary="Images in a folder with a list as a dataset of artbench, and a task on them",
        registers={"dataset": "", "task": "-technique"},
        dependencies=("numpy>=2.0",),
        development=("pillow>=11.0",),
        trial="python tests/few_images.py few && artbench run --backbone colour-histogram --pretraining none "
        "--task NAME-technique --data NAME=few",
    ),
    "task": Kind(
        summary="Labels for images of another dataset as a task of artbench",
        registers={"task": ""},
        dependencies=("numpy>=2.0",),
        development=("pillow>=11.0",),
        trial="artbench run --backbone colour-histogram --pretraining none --task NAME",
    ),
    "protocol": Kind(
        summary="The nearest mean of a class as a protocol of artbench",
        registers={"protocol": ""},
        dependencies=("numpy>=2.0",),
        trial="artbench run --protocol NAME --backbone colour-histogram --pretraining none --task sample-style",
    ),
    "metric": Kind(
        summary="Cohen's kappa as a metric of artbench, and a task that ranks by it",
        registers={"metric": "", "task": "-style"},
        dependencies=("numpy>=2.0",),
        trial="artbench run --backbone colour-histogram --pretraining none --task NAME-style",
    ),
    "target": Kind(
        summary="Steps that have an order as a kind of target of artbench, with a metric and a task",
        registers={"target": "", "metric": "-error", "task": "-materials"},
        dependencies=("numpy>=2.0",),
        development=("pillow>=11.0",),
        trial="artbench run --backbone colour-histogram --pretraining none --task NAME-materials",
    ),
}


def check_available(names: Names, kind: str, *, registry: "Registry") -> None:
    """Raise unless the names of a plugin of a kind are available.

    Raises:
        UsageError: A name is taken, the message says by what; or a protocol can't have it.
    """
    if kind == "protocol":
        try:
            check_no_variant(names.registered)
        except ValueError as error:
            raise UsageError(str(error), mend="Choose another name") from error
    taken = next(_taken(names, kind, registry), None)
    if taken is not None:
        raise UsageError(taken, mend="Choose another name")


def _taken(names: Names, kind: str, registry: "Registry") -> Iterator[str]:
    for installed in metadata.distributions(name=names.distribution):
        yield f"{names.distribution} {installed.version} is installed here already"
    for plugin in registry.plugins:
        if names.registered in (plugin.name, plugin.distribution):
            yield f"a plugin is called {names.registered} already, that of {plugin.distribution}"
    if util.find_spec(names.module) is not None:
        yield f"a module is called {names.module} already"
    # Last, because it may have to import timm.
    for what, name in KINDS[kind].registered(names):
        for entry in getattr(registry, f"{what}s").owners(name):
            yield f"a {what} is called {name} already, that of {entry.plugin} ({entry.distribution})"
