"""`artbench weights`: published weights in the caches, for machines without a network."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artbench.cli import options
from artbench.cli.early import check_named
from artbench.cli.lazy import Group
from artbench.cli.output import echo, print_json
from artbench.runtime.text import size

if TYPE_CHECKING:
    from artbench.encoders.fetch import FetchedWeights

_COLOURS = {"fetched": "green", "there": "green", "not needed": "cyan", "failed": "red"}
_WIDTH = max(map(len, _COLOURS))


@click.group(cls=Group)
def weights() -> None:
    """Fetch published weights, or check that they are there, for machines without a network."""


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which encoders, and how to answer."""
    for part in (
        options.debug_option,
        options.plugin_option,
        options.json_option,
        options.pretraining_option("Where its weights come from; repeatable.", multiple=True, default=("imagenet",)),
        options.backbone_option("Architecture; repeatable.", required=True, multiple=True),
    ):
        command = part(command)
    return command


@weights.command()
@_options
def fetch(
    backbones: tuple[str, ...], pretrainings: tuple[str, ...], as_json: bool, plugin_files: tuple[Path, ...]
) -> int:
    """Bring the weights of every backbone with every pretraining into the caches that `artbench run` reads.

    Each file is compared with the digest that its source states, and loaded once into its network. A line says of each
    encoder whether its weights were fetched, were there, are not needed, or why they failed; the others go on. The
    exit status is 1 if one failed.
    """
    return _tell(backbones, pretrainings, as_json, plugin_files, offline=False)


@weights.command()
@_options
def check(
    backbones: tuple[str, ...], pretrainings: tuple[str, ...], as_json: bool, plugin_files: tuple[Path, ...]
) -> int:
    """Tell, without a network, whether weights are in the caches, whole and as published.

    The exit status is 1 if some are missing, damaged, or don't load.
    """
    return _tell(backbones, pretrainings, as_json, plugin_files, offline=True)


def _tell(
    backbones: tuple[str, ...],
    pretrainings: tuple[str, ...],
    as_json: bool,
    plugin_files: tuple[Path, ...],
    *,
    offline: bool,
) -> int:
    from artbench.data.folders import DatasetPaths

    loaded = options.registry(plugin_files)
    named = {"backbones": backbones, "pretrainings": pretrainings, "paths": DatasetPaths()}
    check_named(loaded, named, methods=True)
    from artbench.cli.progress import TerminalReporter
    from artbench.encoders import fetch as fetching

    found = []
    for one in fetching.fetch(backbones, pretrainings, registry=loaded, offline=offline, reporter=TerminalReporter()):
        found.append(one)
        if not as_json:
            echo(_line(one), fg=_COLOURS[one.status] if one.status == "failed" else None)
    if as_json:
        print_json([one.as_json() for one in found])
    elif any(one.path is not None for one in found):
        echo(_caches(), err=True)
    return 1 if any(one.status == "failed" for one in found) else 0


def _line(one: "FetchedWeights") -> str:
    reason = one.reason
    if one.status != "failed" and one.path is not None:
        reason = f"{one.address}, {size(one.bytes or 0)}: {reason}"
    return f"{one.status:{_WIDTH}}  {one.backbone}, {one.pretraining}: {reason}"


def _caches() -> str:
    import torch
    from huggingface_hub import constants

    return (
        f"Caches: {constants.HF_HUB_CACHE} (HF_HUB_CACHE) and {torch.hub.get_dir()} (below TORCH_HOME). Where nodes "
        "share them, their runs need no network; HF_HUB_OFFLINE=1 keeps them from asking."
    )
