"""`artbench pretrain`: train a backbone on pictures without their labels."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from artbench.cli.completion import completed
from artbench.cli.options import (
    FOLDER,
    data_option,
    data_root_option,
    debug_option,
    device_option,
    plugin_option,
    registry,
)
from artbench.errors import ArtbenchError

if TYPE_CHECKING:
    from artbench.pretrain.resume_state import ResumeState


@click.command()
@click.argument("method", required=False, shell_complete=completed("pretrainings", trainable=True))
@click.option("--backbone", metavar="NAME", shell_complete=completed("backbones"), help="Architecture.")
@click.option(
    "--dataset",
    "datasets",
    multiple=True,
    metavar="NAME",
    shell_complete=completed("datasets"),
    help="Whose training pictures to train on; repeatable.",
)
@click.option(
    "--out",
    type=FOLDER,
    required=True,
    metavar="DIR",
    help="Folder for the encoder, the checkpoints and the log.",
)
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint in DIR, which knows the rest.")
@click.option("--set", "pairs", multiple=True, metavar="KEY=VALUE", help="A setting of the method; repeatable.")
@click.option(
    "--settings",
    "toml",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.toml",
    help="Settings; --set goes before it.",
)
@click.option(
    "--knn",
    metavar="TASK",
    shell_complete=completed("tasks"),
    help="Judge the features by kNN on this task's training pictures every epoch.",
)
@click.option("--pack", is_flag=True, help="Keep the pictures as raw pixels in the cache: decoded once for all epochs.")
@click.option(
    "--save-minutes",
    type=click.FloatRange(min=0),
    default=10.0,
    show_default=True,
    help="Time between two checkpoints.",
)
@click.option("--keep", type=click.IntRange(min=1), default=2, show_default=True, help="Latest checkpoints to keep.")
@click.option("--tensorboard", is_flag=True, help="Write the log for TensorBoard too, to tensorboard/ in DIR.")
@click.option("--compile", "compiled", is_flag=True, help="Compile the networks first: pays on GPUs.")
@data_root_option
@data_option
@device_option
@click.option("--workers", type=click.IntRange(min=1), help="Threads that crop. Default: what suits the machine.")
@click.option(
    "--seed",
    type=click.IntRange(min=0, max=2**63 - 1),
    help="Of initialisation, order and augmentation. Default: 0.",
)
@plugin_option
@debug_option
def pretrain(
    method: str | None,
    backbone: str | None,
    datasets: tuple[str, ...],
    out: Path,
    resume: bool,
    pairs: tuple[str, ...],
    toml: Path | None,
    knn: str | None,
    pack: bool,
    save_minutes: float,
    keep: int,
    tensorboard: bool,
    compiled: bool,
    data_root: Path | None,
    data: dict[str, Path],
    device: str,
    workers: int | None,
    seed: int | None,
    plugin_files: tuple[Path, ...],
) -> int:
    """Train a backbone by METHOD on the training pictures of datasets, without their labels.

    DIR then holds encoder.safetensors, for `artbench run --pretraining DIR`. Pictures that any task of the datasets
    chooses or reports on are left out. Ctrl-C, SIGTERM and SIGUSR1 save and stop; a second one stops at once.
    --resume goes on, with the METHOD, backbone, datasets, settings and seed on record in DIR where they are not given.
    """
    asked = resume_from(method=method, backbone=backbone, datasets=datasets, seed=seed, out=out, resume=resume)
    loaded = registry(plugin_files)
    # Only now: torch takes seconds to import.
    from artbench.cli.progress import notices
    from artbench.pretrain.trainer import pretrain as train
    from artbench.pretrain.training import Conditions
    from artbench.pretrain.workflow import Places, check_names, open_online_task, open_pool, open_training
    from artbench.runtime.distributed import process_group
    from artbench.runtime.machine import choose_device
    from artbench.runtime.progress import Reporter, Silent

    chosen = choose_device(device)
    # A wrong word is told before any list is read.
    with asked.recalling():
        loaded.pretrainings.get(asked.method)
        loaded.backbones.get(asked.backbone)
    check_names(
        asked.method, asked.backbone, registry=loaded, seed=asked.seed, toml=toml, pairs=pairs, begun=asked.begun
    )
    recorded = {} if asked.begun is None else asked.begun.folders(data_root)
    known = {name: folder for name, folder in recorded.items() if name in asked.datasets}
    places = Places(data_root=data_root, placed=known | data)
    with process_group() as group:
        reporter: Reporter = notices() if group.first else Silent()
        with asked.recalling():
            pool = group.first_then_others(
                lambda: open_pool(asked.datasets, registry=loaded, places=places, reporter=reporter)
            )
        training = open_training(
            asked.method,
            asked.backbone,
            pool,
            registry=loaded,
            seed=asked.seed,
            toml=toml,
            pairs=pairs,
            begun=asked.begun,
        )
        online = None
        if knn is not None:
            # What is to be said of a dataset of the pool was said.
            quiet = loaded.tasks.get(knn).dataset in asked.datasets
            online = open_online_task(knn, registry=loaded, places=places, reporter=Silent() if quiet else reporter)
        conditions = Conditions(
            device=chosen,
            workers=workers,
            pack=pack,
            resume=resume,
            save_minutes=save_minutes,
            keep=keep,
            tensorboard=tensorboard,
            compiled=compiled,
            online=online,
        )
        apart = sum(map(len, pool.pool.datasets)) - len(pool.pool)
        kept = f", {apart:,} more are kept apart" if apart else ""
        reporter.notice(
            f"{len(pool.pool):,} pictures of {', '.join(asked.datasets)}, pool {pool.pool.manifest.sha256[:12]}{kept}"
        )
        encoder = train(training, out, conditions=conditions, reporter=reporter)
        if group.first and encoder is not None:
            click.echo(encoder)
    return 0


@dataclass(frozen=True, kw_only=True)
class Resume:
    """What to train on what, as the command or the record of a begun training says.

    Attributes:
        method: Name of the method.
        backbone: Name of the backbone.
        datasets: Their names.
        seed: Of the run.
        begun: The training on record; None where there is none to go on with.
    """

    method: str
    backbone: str
    datasets: Sequence[str]
    seed: int
    begun: "ResumeState | None"

    @contextmanager
    def recalling(self) -> Iterator[None]:
        """Tell with an error of the block how the training was begun: a name may be only on record.

        Raises:
            ArtbenchError: The block did.
        """
        try:
            yield
        except ArtbenchError as error:
            if self.begun is None:
                raise
            mend = f"{error.mend}. " if error.mend and error.mend[-1] not in "?." else f"{error.mend} ".lstrip()
            raise type(error)(error.message, mend=f"{mend}The whole command: {self.begun.command}") from error


def resume_from(
    *,
    method: str | None,
    backbone: str | None,
    datasets: Sequence[str],
    seed: int | None,
    out: Path,
    resume: bool,
) -> Resume:
    """What is asked for; with `resume`, what is not given is taken from the record in `out`.

    Raises:
        click.MissingParameter: Neither says it.
        ArtbenchError: The record can't be read.
    """
    begun = None
    if resume:
        # Only now: torch takes seconds to import.
        from artbench.pretrain.resume_state import read_resume_state

        begun = read_resume_state(out)
    if begun is not None:
        method, backbone = method or begun.method, backbone or begun.backbone
        datasets, seed = datasets or tuple(begun.datasets), begun.seed if seed is None else seed
    why = f"{out} holds no checkpoint that says it" if resume and begun is None else None
    if not method:
        raise _missing("method", why)
    if not backbone:
        raise _missing("backbone", why)
    if not datasets:
        raise _missing("datasets", why or (None if begun is None else "The checkpoint does not say it"))
    return Resume(method=method, backbone=backbone, datasets=datasets, seed=seed or 0, begun=begun)


def _missing(name: str, why: str | None) -> click.MissingParameter:
    context = click.get_current_context()
    parameter = next(parameter for parameter in context.command.params if parameter.name == name)
    # Else it is shown as what may be left out.
    hint = f"'{name.upper()}'" if isinstance(parameter, click.Argument) else None
    return click.MissingParameter(why, ctx=context, param=parameter, param_hint=hint)
