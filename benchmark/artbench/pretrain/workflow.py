"""`pretrain`: from names to a trained encoder: datasets and their training images, backbone, method, settings."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artbench.data.dataset import Dataset
from artbench.data.folders import DatasetPaths, made_folder
from artbench.data.opening import OpenTask, open_dataset, open_tasks
from artbench.data.pool import LabelledDataset, Pool, train_images
from artbench.encoders.checkpoint_path import cached_encoder
from artbench.errors import ArtbenchError, UsageError, plugin_errors
from artbench.plugins.registry import Registry
from artbench.pretrain.method import Method
from artbench.pretrain.online_knn import OnlineKnn
from artbench.pretrain.request import MissingOption, PretrainRequest, PretrainResult
from artbench.pretrain.resume_state import ResumeState, read_resume_state
from artbench.pretrain.settings import Settings, read_settings
from artbench.pretrain.trainer import pretrain as train
from artbench.pretrain.training import Conditions, Training
from artbench.runtime.distributed import current_group
from artbench.runtime.machine import choose_device
from artbench.runtime.progress import Reporter, Silent
from artbench.specs import BackboneSpec, DatasetSpec, PretrainingSpec, load_factory


@dataclass(frozen=True, kw_only=True)
class OpenPool:
    """A pool from the names of its datasets.

    Attributes:
        pool: The pool.
        plugins: Version of each distribution that provides its datasets and their tasks.
        asked: See `Training`.
    """

    pool: Pool
    plugins: Mapping[str, str]
    asked: Mapping[str, str]


def open_pool(datasets: Sequence[str], *, registry: Registry, paths: DatasetPaths, reporter: Reporter) -> OpenPool:
    """The pooled training pictures of some datasets, less what any of their tasks chooses or reports on.

    A dataset without labels says itself which of its pictures train.

    Raises:
        UsageError: A dataset is unknown, has labels but no task (so that nothing says what trains), or nothing says
            where it is.
        ArtbenchError: A dataset is not what it should be, or no picture is left.
    """
    labelled: list[LabelledDataset] = []
    plugins: dict[str, str] = {}
    asked: dict[str, str] = {}
    for name in dict.fromkeys(datasets):
        owner, spec = registry.datasets.find(name)
        plugins[owner.distribution] = registry.version_of(owner)
        tasks = _tasks_on(spec, name, registry)
        if not tasks and spec.training is None:
            raise UsageError(
                f"no task is registered for {name}, so nothing says which of its pictures are for training",
                mend="Name another dataset: `artbench list tasks` shows which have tasks",
            )
        opened = [task for found in _open(tasks, registry=registry, paths=paths, reporter=reporter) for task in found]
        for task in opened:
            plugins.update(task.plugins)
        targets = {task.spec.name: task.targets for task in opened}
        dataset = opened[0].dataset if opened else _open_without_tasks(spec, paths, reporter)
        asked[name] = _place(spec, dataset)
        if spec.training is None:
            labelled.append(LabelledDataset(dataset=dataset, targets=targets))
        else:
            rows = _training_rows(spec, dataset)
            labelled.append(LabelledDataset(dataset=dataset, targets=targets, training=rows))
            reporter.notice(_of_unlabelled(spec, len(rows), len(dataset)))
    return OpenPool(pool=train_images(labelled), plugins=plugins, asked=asked)


def _tasks_on(spec: DatasetSpec, asked: str, registry: Registry) -> list[str]:
    """All tasks on a dataset: those registered for it, and those that its own name stands for."""
    registered = [task.name for _, task in registry.tasks.specs() if task.dataset == asked]
    if spec.training is not None:
        return registered
    return registered + [name for name in registry.tasks.expand(asked) if name != asked]


def _open_without_tasks(spec: DatasetSpec, paths: DatasetPaths, reporter: Reporter) -> Dataset:
    folder = paths.folder(spec, reporter=reporter)
    return open_dataset(spec, folder)


def _place(spec: DatasetSpec, dataset: Dataset) -> str:
    """The folder of a dataset; empty where its name says it, or it was made by code."""
    made = spec.prepare is not None and dataset.root == made_folder(spec)
    return "" if made or spec.folder is not None else str(dataset.root.absolute())


def _training_rows(spec: DatasetSpec, dataset: Dataset) -> NDArray[np.int64]:
    """The rows of a dataset without labels that train, as its plugin says."""
    assert spec.training is not None
    with plugin_errors(f"dataset {spec.name}"):
        rows = np.unique(np.asarray(load_factory(spec.training)(dataset), np.int64))
        if len(rows) and (rows[0] < 0 or rows[-1] >= len(dataset)):
            raise IndexError(f"it trains on rows from {rows[0]} to {rows[-1]}, and has {len(dataset)}")
    return rows


def _of_unlabelled(spec: DatasetSpec, training: int, pictures: int) -> str:
    if training == pictures:
        return f"{spec.name} has no labels: all {pictures:,} pictures train, and none is kept apart for testing."
    return f"{spec.name} has no labels: the {training:,} of its {pictures:,} pictures train that are there for it."


def open_online_task(name: str, *, registry: Registry, paths: DatasetPaths, reporter: Reporter) -> OnlineKnn:
    """The task that judges features during a training.

    Raises:
        UsageError: It is unknown, or not a single-label task.
        ArtbenchError: As `open_pool` does.
    """
    spec = registry.tasks.get(name)
    if spec.target != "single-label":
        raise UsageError(f"{name} is a {spec.target} task", mend="kNN during training takes a single-label one")
    ((task,),) = _open([name], registry=registry, paths=paths, reporter=reporter)
    return OnlineKnn(name=name, dataset=task.dataset, targets=task.targets)


def pretrain(request: PretrainRequest, *, registry: Registry, reporter: Reporter) -> PretrainResult:
    """Train a backbone by a method on the training images of datasets, without their labels.

    Names and settings are checked before any dataset is opened. Under `torchrun`, inside `process_group`, every process
    calls this alike.

    Raises:
        MissingOption: Neither the request nor a checkpoint names method, backbone and datasets.
        UsageError: A name is unknown, a setting is wrong, or an option makes no sense; nothing was begun.
        ArtbenchError: The data is not what it should be, the folder holds another training, or the training fails.
    """
    device = choose_device(request.device)
    begun = read_resume_state(request.out) if request.resume else None
    request = _completed(request, begun)
    assert request.method is not None
    assert request.backbone is not None
    with _command_in_errors(begun):
        chosen = _choose(
            request.method,
            request.backbone,
            registry=registry,
            seed=request.seed or 0,
            settings=request.settings,
            settings_file=request.settings_file,
            begun=begun,
        )
    recorded = {} if begun is None else begun.folders(request.paths.root)
    known = {name: folder for name, folder in recorded.items() if name in request.datasets}
    paths = DatasetPaths(root=request.paths.root, by_name={**known, **request.paths.by_name})
    with _command_in_errors(begun):
        opened = current_group().first_then_others(
            lambda: open_pool(request.datasets, registry=registry, paths=paths, reporter=reporter)
        )
    online = None
    if request.knn is not None:
        # The notices on a dataset of the pool have been given.
        quiet = registry.tasks.get(request.knn).dataset in request.datasets
        told = Silent() if quiet else reporter
        online = open_online_task(request.knn, registry=registry, paths=paths, reporter=told)
    apart = sum(map(len, opened.pool.datasets)) - len(opened.pool)
    kept = f", {apart:,} more are kept apart" if apart else ""
    names = ", ".join(request.datasets)
    reporter.notice(f"{len(opened.pool):,} images of {names}, pool {opened.pool.manifest.sha256[:12]}{kept}")
    conditions = Conditions(
        device=device,
        workers=request.workers,
        pack=request.pack,
        resume=request.resume,
        save_minutes=request.save_minutes,
        keep=request.keep,
        tensorboard=request.tensorboard,
        compiled=request.compiled,
        online=online,
    )
    return PretrainResult(encoder=train(chosen.training(opened), request.out, conditions=conditions, reporter=reporter))


def _completed(request: PretrainRequest, begun: ResumeState | None) -> PretrainRequest:
    """The request with what the checkpoint says in the place of what it leaves open."""
    if begun is not None:
        request = replace(
            request,
            method=request.method or begun.method,
            backbone=request.backbone or begun.backbone,
            datasets=request.datasets or tuple(begun.datasets),
            seed=begun.seed if request.seed is None else request.seed,
        )
    reason = f"{request.out} holds no checkpoint that says it" if request.resume and begun is None else ""
    if not request.method:
        raise MissingOption("method", reason)
    if not request.backbone:
        raise MissingOption("backbone", reason)
    if not request.datasets:
        raise MissingOption("datasets", reason or ("" if begun is None else "The checkpoint does not say it"))
    return request


@contextmanager
def _command_in_errors(begun: ResumeState | None) -> Iterator[None]:
    """Add to an error of the block the command that began the training: a name may stand in the checkpoint alone."""
    try:
        yield
    except ArtbenchError as error:
        if begun is None:
            raise
        mend = f"{error.mend}. " if error.mend and error.mend[-1] not in "?." else f"{error.mend} ".lstrip()
        raise type(error)(error.message, mend=f"{mend}The whole command: {begun.command}") from error


@dataclass(frozen=True, kw_only=True)
class _Choice:
    """A method with its settings and a backbone, found by their names."""

    name: str
    method: Method
    settings: Settings
    backbone: BackboneSpec
    seed: int
    plugins: Mapping[str, str]

    def training(self, opened: OpenPool) -> Training:
        return Training(
            name=self.name,
            method=self.method,
            settings=self.settings,
            backbone=self.backbone,
            pool=opened.pool,
            seed=self.seed,
            plugins={**opened.plugins, **self.plugins},
            asked=opened.asked,
        )


def _choose(
    method: str,
    backbone: str,
    *,
    registry: Registry,
    seed: int,
    settings: Sequence[str] = (),
    settings_file: Path | None = None,
    begun: ResumeState | None = None,
) -> _Choice:
    """Find a method and a backbone by their names, and read the settings.

    Raises:
        UsageError: A name is unknown, or a setting is wrong.
        ArtbenchError: The plugin's method can't be loaded, or another training was begun.
    """
    owner, spec = registry.pretrainings.find(method)
    entry, built = registry.backbones.find(backbone)
    loaded = load_method(spec)
    if begun is not None:
        begun.check(method=spec.name, backbone=built.name, seed=seed)
    return _Choice(
        name=spec.name,
        method=loaded,
        settings=read_settings(
            loaded.settings, toml=settings_file, pairs=settings, begun=None if begun is None else begun.settings
        ),
        backbone=built,
        seed=seed,
        plugins={source.distribution: registry.version_of(source) for source in (owner, entry)},
    )


def load_method(spec: PretrainingSpec) -> Method:
    """How a pretraining is trained.

    Raises:
        UsageError: It is not trained: its weights are there already.
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


@dataclass(frozen=True, kw_only=True)
class CachedTraining:
    """A training with the defaults of its method, whose encoder is kept in the cache."""

    training: Training

    @property
    def name(self) -> str:
        """The method."""
        return self.training.name

    @property
    def key(self) -> str:
        """See `Training`."""
        return self.training.key

    def encoder_file(self, *, device: str, workers: int | None, reporter: Reporter) -> Path:
        """The encoder from the cache; trained first, or to its end, where it is not there.

        Raises:
            ArtbenchError: The training fails, or was asked to stop.
        """
        file = cached_encoder(self.key)
        folder = file.parent
        if current_group().from_first(file.is_file):
            return file
        training = self.training
        reporter.notice(
            f"{training.backbone.name} is pretrained first, by {training.name} with its defaults on "
            f"{len(training.pool):,} pictures. It is kept in {folder}"
        )
        conditions = Conditions(device=device, workers=workers, pack=True, resume=True)
        made = train(training, folder, conditions=conditions, reporter=reporter)
        if made is None:
            raise ArtbenchError("the pretraining was asked to stop", mend="The same command goes on with it")
        return made


def trainings_for(
    tasks: Sequence[str], *, registry: Registry, paths: DatasetPaths, seed: int, reporter: Reporter
) -> Callable[[str, str], CachedTraining]:
    """Trainings, by pretraining and backbone, on the training pictures of the datasets that some tasks are of.

    The datasets are opened when the first training is asked for. Under `torchrun`, every process asks alike.

    Args:
        tasks: Names; those that stand for several are expanded.
        registry: What there is.
        paths: Where the datasets are.
        seed: Of the trainings.
        reporter: Told about the datasets.
    """

    @cache
    def pool() -> OpenPool:
        names = [registry.tasks.get(name).dataset for asked in tasks for name in registry.tasks.expand(asked)]
        return current_group().first_then_others(
            lambda: open_pool(names, registry=registry, paths=paths, reporter=reporter)
        )

    def training(pretraining: str, backbone: str) -> CachedTraining:
        chosen = _choose(pretraining, backbone, registry=registry, seed=seed)
        return CachedTraining(training=chosen.training(pool()))

    return training


def _open(tasks: Sequence[str], *, registry: Registry, paths: DatasetPaths, reporter: Reporter) -> list[list[OpenTask]]:
    return open_tasks(
        tasks,
        registry=registry,
        paths=paths,
        # A part of a dataset is as good to train on; the manifest says which part.
        allow_partial=True,
        reporter=reporter,
    )
