"""The options of `artbench matrix`, from the command line and from a file."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from artbench.cli import options
from artbench.cli.early import check_named, check_parameters
from artbench.runtime.text import key_and_value

if TYPE_CHECKING:
    from artbench.matrix.options import MatrixOptions
    from artbench.plugins.registry import Registry

ENGINES = ("local", "slurm", "ray")
# Names of the options in a file, by those of the command's arguments where they differ.
_IN_FILE = {
    "backbones": "backbone",
    "pretrainings": "pretraining",
    "tasks": "task",
    "compiled": "compile",
    "decoder": "decode",
    "plugin_files": "plugin",
    "settings": "set",
}
_RESOURCES = ("cores", "gpus", "devices", "memory", "time", "at_least", "at_most")
_SLURM = ("partition", "account", "setup")

matrix_file = click.argument("file", required=False, type=options.FILE, metavar="[FILE.toml]")


def _settings(_: click.Context, __: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    return dict(key_and_value(pair) for pair in pairs)


set_option = click.option(
    "--set",
    "settings",
    multiple=True,
    callback=_settings,
    metavar="KEY=VALUE",
    help="A setting of the pretrainings that train, in the place of its default; repeatable. "
    "`artbench list pretrainings METHOD` lists them.",
)


def resource_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options for what runs the units, and on what."""
    parts = (
        click.option(
            "--on",
            type=click.Choice(ENGINES),
            default="local",
            show_default=True,
            help="What runs the units: processes of this machine, Slurm, or Ray.",
        ),
        click.option("--cores", type=options.Number(min=1), help="Cores of a job. Default on this machine: 4."),
        click.option("--gpus", type=options.Number(min=0, max=64), help="GPUs of a job, which share each extraction."),
        click.option(
            "--devices", type=options.Number(min=1, max=64), help="Processes that share each unit. Default: one a GPU."
        ),
        click.option("--memory", metavar="16G", help="Memory of a job."),
        click.option("--time", metavar="4h", help="Time after which a job ends and is called again."),
        click.option("--at-least", metavar="10m", help="Work that small units are put together for. Default: 10m."),
        click.option("--at-most", type=options.Number(min=1), help="Jobs at a time. Default: what there is room for."),
        click.option("--partition", help="Slurm: partition."),
        click.option("--account", help="Slurm: account that is charged."),
        click.option("--setup", multiple=True, metavar="LINE", help="Slurm: a line of shell first; repeatable."),
        click.option(
            "--address",
            help="Ray: address of a cluster, or `local`. Default: RAY_ADDRESS, one that runs here, or a local one.",
        ),
    )
    for part in reversed(parts):
        command = part(command)
    return command


def options_of(given: dict[str, Any]) -> tuple["MatrixOptions", "Registry"]:
    """Join the file's options and those of the command line, and check the names.

    Args:
        given: The arguments of the command; what belongs to no matrix is taken out before.

    Raises:
        UsageError: An option or a name is unknown, missing or impossible, or there is no such file.
    """
    from artbench.matrix.options import matrix_options, read_options

    context = click.get_current_context()
    file = given.pop("file")
    content = {} if file is None else read_options(file)
    paths, normalisation = given.pop("paths"), given.pop("normalisation")
    given |= {"data_root": paths.root, "data": paths.by_name}
    given |= {} if normalisation is None else {"mean": normalisation.mean, "std": normalisation.std}
    for name, value in given.items():
        source = context.get_parameter_source(name)
        if source in (None, click.core.ParameterSource.DEFAULT) and name not in ("mean", "std"):
            continue
        place = content
        if name in (*_RESOURCES, *_SLURM, "address"):
            part = "resources" if name in _RESOURCES else "slurm" if name in _SLURM else "ray"
            place = content[part] = dict(content.get(part, {}))
        place[_IN_FILE.get(name, name)] = list(value) if isinstance(value, tuple) else value
    if any(
        name in given and context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT
        for name in ("backbones", "pretrainings")
    ):
        content.pop("encoder", None)
    wanted = matrix_options(content, source="the options" if file is None else str(file))
    registry = options.registry(wanted.plugin_files, wanted.paths)
    names = {
        "tasks": wanted.task,
        "paths": wanted.paths,
        "backbones": list(dict.fromkeys(backbone for backbone, _ in wanted.choices)),
        "pretrainings": list(dict.fromkeys(pretraining for _, pretraining in wanted.choices)),
    }
    check_named(registry, names, methods=True)
    pretrainings: dict[str, list[str]] = {}
    for backbone, pretraining in wanted.choices:
        pretrainings.setdefault(backbone, []).append(pretraining)
    for backbone, several in pretrainings.items():
        check_parameters(registry, {"backbone": backbone, "pretrainings": several})
    return wanted, registry
