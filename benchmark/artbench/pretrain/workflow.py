"""`pretrain`: from names to a trained encoder: datasets and their training images, backbone, method, settings."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from artbench.data.folders import DatasetPaths
from artbench.errors import ArtbenchError, UsageError, plugin_errors
from artbench.plugins.registry import Registry
from artbench.pretrain.method import Method
from artbench.pretrain.opening import OpenPool, open_online_task, open_pool
from artbench.pretrain.request import MissingOption, PretrainRequest
from artbench.pretrain.resume import ResumeState, read_resume_state
from artbench.pretrain.settings import read_settings
from artbench.pretrain.stretches import check_alike
from artbench.pretrain.trainer import pretrain as train
from artbench.pretrain.training import Conditions, Training
from artbench.runtime.distributed import current_group
from artbench.runtime.machine import choose_device
from artbench.runtime.progress import Reporter, Silent
from artbench.runtime.text import counted
from artbench.specs import PretrainingSpec, load_factory

# Options that decide what processes ask of each other, and so must be the same before they begin to.
_ALIKE = ("resume", "accept_changes", "knn", "knn_every", "pack", "micro_batch", "device")


def pretrain(request: PretrainRequest, *, registry: Registry, reporter: Reporter) -> Path | None:
    """Train a backbone by a method on the training images of datasets, without their labels.

    Names and settings are checked before any dataset is opened. Under `torchrun`, inside `process_group`, every process
    calls this alike.

    Returns:
        File of the encoder; None if a signal stopped the training, and everything is saved.

    Raises:
        MissingOption: Neither the request nor a checkpoint names method, backbone and datasets.
        UsageError: A name is unknown, a setting is wrong, or an option makes no sense; nothing was begun.
        ArtbenchError: The data is not what it should be, the folder holds another training, the training fails, or
            processes were started with different options.
    """
    check_alike(current_group(), {name: getattr(request, name) for name in _ALIKE})
    device = choose_device(request.device)
    begun = read_resume_state(request.out) if request.resume else None
    request = _completed(request, begun)
    assert request.method is not None
    assert request.backbone is not None
    recorded = {} if begun is None else begun.folders(request.paths.root)
    known = {name: folder for name, folder in recorded.items() if name in request.datasets}
    paths = DatasetPaths(root=request.paths.root, by_name={**known, **request.paths.by_name})
    with _command_in_errors(begun):
        on_pool = choose_training(
            request.method,
            request.backbone,
            registry=registry,
            seed=request.seed or 0,
            settings=request.settings,
            settings_file=request.settings_file,
            begun=begun,
        )
        opened = current_group().first_then_others(
            lambda: open_pool(request.datasets, registry=registry, paths=paths, reporter=reporter)
        )
    online = None
    if request.knn is not None:
        # Opening the pool has already given the notices on its datasets.
        reported = registry.tasks.get(request.knn).dataset in request.datasets
        online = open_online_task(
            request.knn, registry=registry, paths=paths, reporter=Silent() if reported else reporter
        )
    apart = sum(map(len, opened.pool.datasets)) - len(opened.pool)
    kept = f", {apart:,} more are kept apart" if apart else ""
    images, manifest = counted(len(opened.pool), "image"), opened.pool.manifest.sha256[:12]
    reporter.notice(f"{images} of {', '.join(request.datasets)}, pool {manifest}{kept}")
    conditions = Conditions(
        device=device,
        workers=request.workers,
        pack=request.pack,
        resume=request.resume,
        save_minutes=request.save_minutes,
        keep=request.keep,
        tensorboard=request.tensorboard,
        compiled=request.compiled,
        micro_batch=request.micro_batch,
        knn_every=request.knn_every,
        accept_changes=request.accept_changes,
        online=online,
    )
    return train(on_pool(opened), request.out, conditions=conditions, reporter=reporter)


def _completed(request: PretrainRequest, begun: ResumeState | None) -> PretrainRequest:
    """Fill in from the checkpoint what the request leaves open."""
    if begun is not None:
        request = replace(
            request,
            method=request.method or begun.method,
            backbone=request.backbone or begun.backbone,
            datasets=request.datasets or tuple(begun.datasets),
            seed=begun.seed if request.seed is None else request.seed,
        )
    reason = "The checkpoint does not say it"
    if begun is None:
        reason = f"{request.out} holds no checkpoint that says it" if request.resume else ""
    for name in ("method", "backbone", "datasets"):
        if not getattr(request, name):
            raise MissingOption(name, reason)
    return request


@contextmanager
def _command_in_errors(begun: ResumeState | None) -> Iterator[None]:
    """Add the whole command to errors of the block: a name at fault may be in the checkpoint alone."""
    try:
        yield
    except ArtbenchError as error:
        if begun is None:
            raise
        mend = f"{error.mend}. " if error.mend and error.mend[-1] not in "?." else f"{error.mend} ".lstrip()
        raise type(error)(error.message, mend=f"{mend}The whole command: {begun.command}") from error


def choose_training(
    method: str,
    backbone: str,
    *,
    registry: Registry,
    seed: int,
    settings: Sequence[str] = (),
    settings_file: Path | None = None,
    begun: ResumeState | None = None,
) -> Callable[[OpenPool], Training]:
    """Find a method and a backbone by their names, read the settings, and return what makes the training on a pool.

    Raises:
        UsageError: A name is unknown, or a setting is wrong.
        ArtbenchError: The plugin's method can't be loaded, or another training was begun.
    """
    owner, spec = registry.pretrainings.find(method)
    entry, built = registry.backbones.find(backbone)
    if built.network != built.name:
        raise UsageError(
            f"{built.name} can't be trained: a training is of the whole network, not of a layer or a pool",
            mend=f"Train {built.network}, and choose the layer or pool when you run the encoder",
        )
    loaded = load_method(spec)
    before = None
    if begun is not None:
        begun.check(method=spec.name, backbone=built.name, seed=seed)
        before = begun.settings
    read = read_settings(loaded.settings, toml=settings_file, pairs=settings, begun=before)

    def on_pool(opened: OpenPool) -> Training:
        return Training(
            name=spec.name,
            method=loaded,
            settings=read,
            backbone=built,
            pool=opened.pool,
            seed=seed,
            plugins={
                **opened.plugins,
                **{source.distribution: registry.version_of(source) for source in (owner, entry)},
            },
            asked=opened.asked,
        )

    return on_pool


def load_method(spec: PretrainingSpec) -> Method:
    """Load the method of a pretraining.

    Raises:
        UsageError: The pretraining has weights instead of a method.
        ArtbenchError: Its plugin fails.
    """
    if spec.method is None:
        raise UsageError(
            f"{spec.name} is not a method: its weights are there already", mend="`artbench list pretrainings` shows all"
        )
    with plugin_errors(f"pretraining {spec.name}"):
        loaded = load_factory(spec.method)()
        if not isinstance(loaded, Method):
            raise TypeError(f"its factory returns a {type(loaded).__name__}, not a Method")
    return loaded
