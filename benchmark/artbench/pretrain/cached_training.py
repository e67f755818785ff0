"""Trainings that a run has to do first; their encoders stay in the cache. Training code is imported only if needed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from artbench.data.folders import DatasetPaths
from artbench.data.unlabelled import find_unlabelled
from artbench.encoders.checkpoint_path import cached_encoder
from artbench.errors import Interrupted
from artbench.plugins.registry import Registry
from artbench.runtime.distributed import current_group
from artbench.runtime.progress import Reporter

if TYPE_CHECKING:
    from artbench.pretrain.opening import OpenPool
    from artbench.pretrain.training import Training


@dataclass(frozen=True, kw_only=True)
class CachedTraining:
    """A training whose encoder stays in the cache.

    Attributes:
        training: The training.
        settings: What was set of it, as `KEY=VALUE`; the rest are the defaults of its method.
    """

    training: "Training"
    settings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the method."""
        return self.training.name

    @property
    def key(self) -> str:
        """Key of the training."""
        return self.training.key

    def encoder_file(self, *, device: str, workers: int | None, reporter: Reporter) -> Path:
        """Return the encoder in the cache; train it first, or to its end, if it is not there.

        Raises:
            Interrupted: A signal stopped the training, and everything is saved.
        """
        file = cached_encoder(self.key)
        if current_group().from_first(file.is_file):
            return file
        training = self.training
        chosen = ", ".join(self.settings) or "its defaults"
        reporter.notice(
            f"{training.backbone.name} is pretrained first, by {training.name} with {chosen} on {len(training.pool):,} "
            f"images. It is kept in {file.parent}"
        )
        from artbench.pretrain.stopping import stop_request
        from artbench.pretrain.trainer import pretrain as train
        from artbench.pretrain.training import Conditions

        conditions = Conditions(device=device, workers=workers, pack=True, resume=True)
        with stop_request() as stop:
            made = train(training, file.parent, conditions=conditions, reporter=reporter, stop=stop)
        if made is None:
            # Of several processes, perhaps only one got the signal.
            raise Interrupted(max(current_group().gathered(stop.number)))
        return made


def trainings_for(
    tasks: Sequence[str],
    *,
    registry: Registry,
    paths: DatasetPaths,
    seed: int,
    settings: Sequence[str] = (),
    reporter: Reporter,
) -> Callable[[str, str], CachedTraining]:
    """Return a function from the names of a method and a backbone to a training on the training images of some tasks.

    Its first call opens the datasets. Under `torchrun`, every process makes the same calls.

    Args:
        tasks: Names of tasks, or of datasets without labels; those that stand for several are expanded.
        registry: The loaded plugins.
        paths: Folders of the datasets.
        seed: Seed of the trainings.
        settings: Settings of the trainings, as `KEY=VALUE`; the rest are the defaults of the methods.
        reporter: Receives notices about the datasets.
    """

    @cache
    def pool() -> "OpenPool":
        from artbench.pretrain.opening import open_pool

        names = [_dataset_of(name, registry) for asked in tasks for name in registry.tasks.expand(asked)]
        return current_group().first_then_others(
            lambda: open_pool(names, registry=registry, paths=paths, reporter=reporter)
        )

    def training(pretraining: str, backbone: str) -> CachedTraining:
        from artbench.pretrain.workflow import choose_training

        on_pool = choose_training(pretraining, backbone, registry=registry, seed=seed, settings=settings)
        return CachedTraining(training=on_pool(pool()), settings=tuple(settings))

    return training


def _dataset_of(name: str, registry: Registry) -> str:
    return registry.tasks.get(name).dataset if find_unlabelled(name, registry=registry) is None else name
