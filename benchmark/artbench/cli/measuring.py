"""The options that say what to measure, of `artbench run` and `artbench matrix`."""

from collections.abc import Callable
from typing import Any

import click

from artbench.cli import options
from artbench.cli.completion import completed
from artbench.protocol import DEFAULT_PROTOCOL

_MOST_SHOTS = 10_000


def _shots(_: click.Context, __: click.Parameter, value: str | None) -> tuple[int, ...]:
    """Read `1,2,4`."""
    if value is None:
        return ()
    try:
        shots = tuple(int(part) for part in value.split(","))
    except ValueError:
        shots = (0,)
    if any(not 1 <= number <= _MOST_SHOTS for number in shots):
        raise click.BadParameter(f"{value!r} is not a list of numbers from 1 to {_MOST_SHOTS:,}, such as 1,2,4,8,16")
    return shots


def _one_protocol(_: click.Context, __: click.Parameter, value: tuple[str, ...]) -> str:
    """Refuse a second protocol, which click would take in place of the first."""
    if len(value) > 1:
        raise click.BadParameter(f"a run is under one protocol, not {' and '.join(value)}: run it once for each")
    return value[0]


def measuring_options(*, required: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the options whose arguments are the fields of `RunRequest`, but for `fresh`.

    Args:
        required: Whether backbone and task have to be given.
    """
    parts = (
        options.backbone_option("Architecture; repeatable.", required=required, multiple=True),
        options.pretraining_option(
            "Where its weights come from, or a checkpoint; repeatable.", multiple=True, default=("imagenet",)
        ),
        options.task_option("Task; repeatable.", required=required, multiple=True),
        options.paths_options,
        options.results_option,
        options.device_option,
        click.option(
            "--batch-size", type=options.Number(min=1), help="Images per forward pass. Default: what suits the device."
        ),
        click.option(
            "--workers", type=options.Number(min=1), help="Images decoded at once. Default: what suits the machine."
        ),
        options.seed_option(),
        click.option(
            "--compile",
            "compiled",
            is_flag=True,
            help="Compile the network before it extracts: pays for many images.",
        ),
        click.option(
            "--decode",
            "decoder",
            type=click.Choice(["cpu", "gpu"]),
            default="cpu",
            show_default=True,
            help="What decodes plain JPEGs. A GPU gives slightly other pixels: features are kept apart, on record.",
        ),
        options.normalisation_options,
        click.option(
            "--exclude",
            type=options.FILE,
            metavar="FILE.csv",
            help="Images to leave out, as `artbench data audit` lists them.",
        ),
        click.option(
            "--shots",
            callback=_shots,
            metavar="N,N,...",
            help="Fit on only N training images per class, such as 1,2,4,8,16. Each N is a protocol of its own, "
            "averaged over ten draws.",
        ),
        click.option(
            "--width",
            type=options.Number(min=1, max=100_000),
            help="Reduce the features to so many principal components of train, to compare networks of unlike width. "
            "A protocol of its own.",
        ),
        click.option(
            "--protocol",
            metavar="NAME",
            multiple=True,
            callback=_one_protocol,
            shell_complete=completed("protocols"),
            default=(DEFAULT_PROTOCOL.name,),
            show_default=True,
            help="Protocol to measure under, as `artbench list protocols` names them; records of two never share a "
            "leaderboard. Tasks of retrieval have retrieval-v1, or one of its variants, such as retrieval-v1-csls-10.",
        ),
        click.option(
            "--store-tokens",
            is_flag=True,
            help="For probes that see tokens: keep these on disk in float16, instead of computing them from the "
            "pictures in each pass. It says how much that is before it begins.",
        ),
        click.option("--allow-partial", is_flag=True, help="Run although more than 1 % of the images are missing."),
    )

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for part in reversed(parts):
            command = part(command)
        return command

    return add
