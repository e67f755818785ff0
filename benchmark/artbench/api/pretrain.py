"""`artbench.pretrain`: train a backbone on images without their labels, from Python."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from artbench.api.common import LoggingReporter, PathLike, dataset_paths, loaded
from artbench.pretrain.request import PretrainRequest
from artbench.pretrain.workflow import pretrain as run_pretraining
from artbench.runtime.progress import Reporter


def pretrain(
    method: str | None = None,
    *,
    out: PathLike,
    backbone: str | None = None,
    dataset: str | Sequence[str] = (),
    settings: Mapping[str, object] | None = None,
    seed: int | None = None,
    resume: bool = False,
    accept_changes: bool = False,
    knn: str | None = None,
    knn_every: int | None = None,
    pack: bool = False,
    save_minutes: float = 10,
    keep: int = 2,
    tensorboard: bool = False,
    compiled: bool = False,
    micro_batch: int | None = None,
    data_root: PathLike | None = None,
    data: Mapping[str, PathLike] | None = None,
    device: str = "auto",
    workers: int | None = None,
    plugins: Sequence[PathLike] = (),
    reporter: Reporter | None = None,
) -> Path | None:
    """Train a backbone on the training images of datasets, without their labels, as `artbench pretrain` does.

    Validation and test images of any task of the datasets are left out.

    Args:
        method: How to train: `moco-v2`. With `resume`, method, backbone, datasets, settings and seed that are not given
            are taken from the checkpoint.
        out: Folder for the encoder, the checkpoints and the log.
        backbone: An architecture: `resnet50`.
        dataset: A dataset, or several, whose training images are pooled.
        settings: Settings of the method by name; the others have the defaults of the original.
        seed: Seed of initialisation, order and augmentation; None: 0, or the checkpoint's.
        resume: Resume from the last checkpoint in `out`.
        accept_changes: Resume with another device, number type or version than before; the record says so.
        knn: A single-label task that measures the features by kNN during the training.
        knn_every: Number of epochs from one measurement to the next; None: so many that they cost less than 5 %.
        pack: Keep the pool as raw pixels in the cache, so that images are decoded once for all epochs.
        save_minutes: Minutes between two checkpoints.
        keep: Number of latest checkpoints to keep.
        tensorboard: Write the log for TensorBoard too.
        compiled: Compile the networks first.
        micro_batch: Most images of a process that go through the networks at once on a GPU; None: all.
        data_root: As for `artbench.run`.
        data: As for `artbench.run`.
        device: `auto`, `cpu`, `cuda` or `mps`.
        workers: Threads that crop; None: what suits the machine.
        plugins: Python files with plugins, in addition to those that are installed.
        reporter: As for `artbench.run`.

    Returns:
        The file of the encoder, for `artbench.run(pretraining=out)`; None if a signal stopped the training, which
        continues with `resume=True`.

    Raises:
        UsageError: A name is unknown, something is missing, or a setting is wrong; nothing was started.
        ArtbenchError: The data is not what it should be, `out` holds another training, or the training fails.

    Examples:
        >>> import artbench
        >>> from pathlib import Path
        >>> tiny = {"steps": 1, "batch_size": 8, "sub_batch": 4, "crop_size": 32, "warmup_epochs": 0}
        >>> file = artbench.pretrain(
        ...     "simclr", backbone="resnet10t", dataset="sample", settings=tiny, out="doctest-out", device="cpu"
        ... )
        >>> Path(file).name
        'encoder.safetensors'
    """
    reporter = reporter or LoggingReporter()
    request = PretrainRequest(
        out=Path(out),
        method=method,
        backbone=backbone,
        datasets=[dataset] if isinstance(dataset, str) else list(dataset),
        seed=seed,
        resume=resume,
        accept_changes=accept_changes,
        settings=[f"{name}={_text(value)}" for name, value in (settings or {}).items()],
        knn=knn,
        knn_every=knn_every,
        pack=pack,
        save_minutes=save_minutes,
        keep=keep,
        tensorboard=tensorboard,
        compiled=compiled,
        micro_batch=micro_batch,
        paths=dataset_paths(data_root, data),
        device=device,
        workers=workers,
    )
    return run_pretraining(request, registry=loaded(plugins, reporter, request.paths), reporter=reporter)


def _text(value: object) -> str:
    """A setting as the command line takes it."""
    if value is None:
        return "none"
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
