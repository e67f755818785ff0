"""Options that several commands share."""

import math
import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import click

from artbench.cli.output import echo, only_json

if TYPE_CHECKING:
    from artbench.data.folders import DatasetPaths
    from artbench.plugins.registry import Registry

Option: TypeAlias = Callable[[Callable[..., Any]], Callable[..., Any]]

_T = TypeVar("_T")

# How much is known of test images in an encoder's training; as `artbench.records.parts.Knowledge`, unimported here.
_SEEN = ("clean", "unknown", "contaminated")
# Largest seed of `artbench explain`: a signed number of 32 bits.
MOST_SEED = 2**31 - 1


class Number(click.IntRange):
    """A whole number, shown as `N` with its range in words."""

    name = "number"

    def get_metavar(self, *_: Any, **__: Any) -> str:
        """What stands for the value in the help."""
        return "N"

    def _describe_range(self) -> str:
        return f"{self.min} or more" if self.max is None else f"{self.min} to {self.max:,}"


class Minutes(click.FloatRange):
    """A span of time from 0; refuses `nan`, which no comparison refuses, and `inf`."""

    def __init__(self) -> None:
        super().__init__(min=0)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read it as a finite number."""
        minutes = super().convert(value, param, ctx)
        if not math.isfinite(minutes):
            self.fail(f"{value} is no span of time.", param, ctx)
        return minutes


FILE = click.Path(path_type=Path, dir_okay=False)
_PATH = click.Path(path_type=Path)


class _Folder(click.Path):
    """A folder that is there or may be made; refuses the empty text that an unset shell variable leaves."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, file_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("the path is empty. Is a variable of the shell not set?", param, ctx)
        return super().convert(value, param, ctx)


FOLDER = _Folder()


class _OutputFile(click.Path):
    """A file to write: a new one takes its place, which a device or pipe such as `/dev/null` must not lose."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, dir_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        file = Path(os.fsdecode(super().convert(value, param, ctx)))
        if file.exists() and not file.is_file():
            self.fail(f"{file} is a device or a pipe, and a file can't take its place.", param, ctx)
        return file


OUTPUT_FILE = _OutputFile()


def _name_option(kind: str, text: str, *, metavar: str = "NAME", or_path: bool = False, **settings: Any) -> Option:
    # Imported here because it needs `debug_option`.
    from artbench.cli.completion import completed

    plural = f"{kind}s"
    return click.option(
        f"--{kind}",
        plural if settings.get("multiple") else kind,
        metavar=metavar,
        shell_complete=completed(plural, or_path=or_path),
        show_default=settings.get("default") is not None,
        help=text,
        **settings,
    )


def seen_option() -> Option:
    """`--seen STATE`, repeatable."""
    return click.option(
        "--seen",
        multiple=True,
        type=click.Choice(_SEEN),
        callback=lambda _context, _parameter, states: tuple(dict.fromkeys(states)),
        help="Only encoders whose training images are known so: clean (without the test images), unknown, or "
        "contaminated (with some); repeatable.",
    )


def backbone_option(text: str = "Architecture.", **settings: Any) -> Option:
    """`--backbone NAME`; `settings` as click's. With `multiple`, the argument is called `backbones`."""
    return _name_option("backbone", text, **settings)


def pretraining_option(
    text: str = "Where its weights come from, or a checkpoint.", *, or_path: bool = True, **settings: Any
) -> Option:
    """`--pretraining NAME`, or `NAME|PATH`; as `backbone_option`."""
    return _name_option("pretraining", text, metavar="NAME|PATH" if or_path else "NAME", or_path=or_path, **settings)


def _channels(_: click.Context, __: click.Parameter, value: str | None) -> tuple[float, ...] | None:
    """Read `0.5,0.5,0.5`."""
    if value is None:
        return None
    try:
        return tuple(float(part) for part in value.split(","))
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is not three numbers, such as 0.485,0.456,0.406") from error


def normalisation_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--mean R,G,B` and `--std R,G,B`; the argument is called `normalisation`."""

    @click.option(
        "--mean",
        callback=_channels,
        metavar="R,G,B",
        help="Mean of the channels of RGB in [0, 1] that checkpoints were trained with. Default: what their layout "
        "tells, else the backbone's.",
    )
    @click.option("--std", callback=_channels, metavar="R,G,B", help="Standard deviation of the channels, likewise.")
    @wraps(command)
    def with_normalisation(*, mean: tuple[float, ...] | None, std: tuple[float, ...] | None, **arguments: Any) -> Any:
        from artbench.encoders.normalisation import given_normalisation

        return command(normalisation=given_normalisation(mean, std), **arguments)

    return with_normalisation


def task_option(text: str, **settings: Any) -> Option:
    """`--task NAME`; as `backbone_option`."""
    return _name_option("task", text, **settings)


def collection_option(text: str = "The task of the record", **settings: Any) -> Option:
    """`--task`, for records of a collection, whose path no record holds; as `backbone_option`."""
    return task_option(f"{text}, collection:PATH:COLUMN, if it is a collection.", **settings)


def protocol_option() -> Option:
    """`--protocol NAME`, of records."""
    from artbench.cli.completion import protocols_on_record

    return click.option(
        "--protocol",
        metavar="NAME",
        shell_complete=protocols_on_record,
        help="Only records made under this protocol, such as linear-v2-width-512.",
    )


def dataset_option(text: str, **settings: Any) -> Option:
    """`--dataset NAME`; as `backbone_option`."""
    return _name_option("dataset", text, **settings)


def seed_option(text: str = "Seed for random weights.", *, most: int | None = None) -> Option:
    """`--seed`, up to `most` if it is given."""
    return click.option("--seed", type=Number(0, most), default=0, show_default=True, help=text)


def _keep_stdout_clean(context: click.Context, _: click.Parameter, wanted: bool) -> bool:
    if wanted:
        context.with_resource(only_json())
    return wanted


def _placed(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, Path]:
    """Read every DATASET=PATH."""
    placed = {}
    for value in values:
        name, separator, path = value.partition("=")
        if not (name and separator and path):
            raise click.BadParameter(f"{value!r} is not of the form DATASET=PATH")
        placed[name] = Path(path)
    return placed


results_option = click.option(
    "--results", type=FOLDER, default=Path("results"), show_default=True, help="Folder of records and leaderboards."
)
json_option = click.option(
    "--json", "as_json", is_flag=True, callback=_keep_stdout_clean, help="Print nothing but JSON on stdout."
)
debug_option = click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
plugin_option = click.option(
    "--plugin",
    "plugin_files",
    type=_PATH,
    multiple=True,
    metavar="FILE.py",
    help="Load a plugin from a file; repeatable.",
)
_data_root_option = click.option(
    "--data-root",
    type=FOLDER,
    envvar="ARTBENCH_DATA",
    show_envvar=True,
    help="Folder that holds one folder per dataset, named like the dataset.",
)
_data_option = click.option(
    "--data", multiple=True, callback=_placed, metavar="DATASET=PATH", help="Folder of one dataset; repeatable."
)
device_option = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda", "mps"]),
    default="auto",
    show_default=True,
    help="Device that computes; auto takes a GPU if there is one.",
)
dpi_option = click.option(
    "--dpi", type=Number(30, 1200), default=150, show_default=True, help="Dots per inch; 300 or more for print."
)
units_option = click.option(
    "--units", type=Number(1, 24), default=6, show_default=True, help="Units per layer, drawn by the seed."
)
record_option = click.option(
    "--record", required=True, type=FILE, metavar="RECORD.json", help="Record whose encoder and probe to explain."
)
checkpoint_option = click.option(
    "--pretraining", "checkpoint", type=_PATH, metavar="PATH", help="Checkpoint, if the record's pretraining is one."
)
exclude_option = click.option(
    "--exclude", type=FILE, metavar="FILE.csv", help="Exclusion list that the record was made with, if any."
)


def paths_options(command: Callable[..., _T]) -> Callable[..., _T]:
    """Add --data-root and --data; the command is called with `paths`, a `DatasetPaths`, instead of the two."""

    @wraps(command)
    def with_paths(*, data_root: Path | None, data: dict[str, Path], **others: Any) -> _T:
        from artbench.data.folders import DatasetPaths

        return command(paths=DatasetPaths(root=data_root, by_name=data), **others)

    return _data_root_option(_data_option(with_paths))


def registry(
    plugin_files: tuple[Path, ...], paths: "DatasetPaths | None" = None, *, remembered: bool = True
) -> "Registry":
    """Load the plugins; those left out are named on stderr. With `paths`, collections are found by their names.

    Args:
        plugin_files: Files of plugins.
        paths: Where datasets are.
        remembered: Whether collections are also found where they were last.
    """
    from artbench.plugins.loading import load_plugins

    loaded = load_plugins(plugin_files)
    for problem in loaded.problems:
        click.secho(problem, fg="yellow", err=True)
    if paths is None:
        return loaded
    from artbench.data.places import with_places

    return with_places(loaded, paths, lambda line: echo(line, err=True), remembered=remembered)
