"""`artbench pretrain`: train a backbone on images without their labels."""

from pathlib import Path
from typing import Any

import click

from artbench.cli import options
from artbench.cli.completion import completed
from artbench.cli.early import check_named


@click.command()
@click.argument("method", required=False, shell_complete=completed("pretrainings", trainable=True))
@options.backbone_option()
@options.dataset_option("Dataset whose training images to train on; repeatable.", multiple=True)
@click.option(
    "--out", type=options.FOLDER, required=True, metavar="DIR", help="Folder for encoder, checkpoints and log."
)
@click.option("--resume", is_flag=True, help="Resume from the last checkpoint in DIR, which holds what is not given.")
@click.option(
    "--accept-changes",
    is_flag=True,
    help="Resume with another device, number type or version than before; the record says so.",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="A setting of METHOD; repeatable. `artbench list pretrainings METHOD` lists them.",
)
@click.option(
    "--settings", "settings_file", type=options.FILE, metavar="FILE.toml", help="File of settings; --set overrides it."
)
@click.option(
    "--knn",
    metavar="TASK",
    shell_complete=completed("tasks"),
    help="Measure kNN accuracy on the training images of this task during the training.",
)
@click.option(
    "--knn-every",
    type=options.Number(min=1),
    metavar="EPOCHS",
    help="Epochs from one measurement to the next. Default: so many that they cost less than 5 %.",
)
@click.option("--pack", is_flag=True, help="Keep the images as raw pixels in the cache: decoded once for all epochs.")
@click.option(
    "--save-minutes",
    type=options.Minutes(),
    default=10.0,
    show_default=True,
    help="Minutes between two checkpoints.",
)
@click.option("--keep", type=options.Number(min=1), default=2, show_default=True, help="Latest checkpoints to keep.")
@click.option("--tensorboard", is_flag=True, help="Write the log for TensorBoard too, to tensorboard/ in DIR.")
@click.option("--compile", "compiled", is_flag=True, help="Compile networks and loss first: for GPUs.")
@click.option(
    "--micro-batch",
    type=options.Number(min=2),
    metavar="IMAGES",
    help="Most images that go through the networks at once on a GPU; for little memory. Default: all of a process.",
)
@options.paths_options
@options.device_option
@click.option("--workers", type=options.Number(min=1), help="Threads that crop. Default: what suits the machine.")
@click.option(
    "--seed",
    type=options.Number(min=0, max=2**63 - 1),
    help="Seed of initialisation, order and augmentation. Default: 0.",
)
@options.plugin_option
@options.debug_option
def pretrain(*, plugin_files: tuple[Path, ...], **fields: Any) -> int:
    """Train a backbone by METHOD on the training images of datasets, without their labels.

    DIR then holds encoder.safetensors, for `artbench run --pretraining DIR`. Validation and test images of any task
    of the datasets are left out. Ctrl-C, SIGTERM, SIGHUP and SIGUSR1 save and stop; a second Ctrl-C or SIGTERM, after
    5 seconds, stops at once. --resume continues the training in DIR; what is not given is read from there. The tasks of
    one `srun` train together.
    """
    loaded = options.registry(plugin_files, fields["paths"])
    check_named(loaded, {**fields, "pretraining": fields["method"]}, methods=True)
    # Only now: torch takes seconds to import.
    from artbench.cli.progress import TerminalReporter
    from artbench.pretrain.request import MissingOption, PretrainRequest
    from artbench.pretrain.workflow import pretrain as train
    from artbench.runtime.distributed import process_group
    from artbench.runtime.progress import Silent
    from artbench.runtime.slurm import join_step

    join_step()
    request = PretrainRequest(**fields)
    with process_group() as group:
        try:
            encoder = train(request, registry=loaded, reporter=TerminalReporter() if group.first else Silent())
        except MissingOption as error:
            raise _missing(error.name, error.reason or None) from error
        if group.first and encoder is not None:
            click.echo(encoder)
    return 0


def _missing(name: str, why: str | None) -> click.MissingParameter:
    context = click.get_current_context()
    parameter = next(parameter for parameter in context.command.params if parameter.name == name)
    # Else it is shown as what may be left out.
    hint = f"'{name.upper()}'" if isinstance(parameter, click.Argument) else None
    return click.MissingParameter(why, ctx=context, param=parameter, param_hint=hint)
