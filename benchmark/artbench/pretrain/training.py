"""What a training is, before it begins: everything that decides what comes out, and the key of it all."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from artbench.data.decode import decode_path
from artbench.data.pool import Pool
from artbench.pretrain.method import Method
from artbench.pretrain.online_knn import OnlineKnn
from artbench.pretrain.settings import Settings
from artbench.specs import BackboneSpec


@dataclass(frozen=True, kw_only=True)
class Training:
    """A method with its settings, on a backbone and a pool.

    Attributes:
        name: Name of the pretraining, such as `moco-v2`.
        method: The method of that name.
        settings: Its settings, checked.
        backbone: The backbone that is trained.
        pool: The images that it is trained on.
        seed: Seed of initialisation, order and augmentation.
        plugins: Version of each distribution that provides method, backbone or datasets.
        asked: Folder of each dataset by its name on the command line (`ResumeState.datasets`).
    """

    name: str
    method: Method
    settings: Settings
    backbone: BackboneSpec
    pool: Pool
    seed: int = 0
    plugins: Mapping[str, str] = field(default_factory=dict)
    asked: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def identity(self) -> dict[str, Any]:
        """All that decides the resulting weights, on one kind of machine."""
        return {
            "method": self.name,
            "method_version": self.method.version,
            "backbone": self.backbone.name,
            "settings": self.settings.model_dump(mode="json"),
            "pool": self.pool.manifest.sha256,
            "datasets": [dataset.name for dataset in self.pool.datasets],
            "seed": self.seed,
            "decode": decode_path(),
        }

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of images of each dataset in the pool."""
        return tuple(len(rows) for rows in self.pool.rows)

    @property
    def key(self) -> str:
        """SHA-256 of the identity and the plugins' versions; 64 hexadecimal digits."""
        content = {**self.identity, "plugins": dict(self.plugins)}
        return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """How a training is carried out; the resulting weights do not depend on it, to rounding.

    Attributes:
        device: `cpu`, `cuda` or `mps`.
        workers: Threads that decode images; None: as many as suit the machine.
        pack: Whether the pool is kept as raw pixels in the cache.
        resume: Whether to go on from the last checkpoint.
        save_minutes: Minutes between two checkpoints; 0: a checkpoint after every step.
        keep: How many of the latest checkpoints are kept.
        compiled: Whether `torch.compile` makes kernels for the networks.
        tensorboard: Whether the log is written for TensorBoard as well.
        online: Task to measure the features on by kNN, after every epoch; None: they are not measured.
        hang_seconds: Least seconds of a step before it is reported as hanging.
    """

    device: str
    workers: int | None = None
    pack: bool = False
    resume: bool = False
    save_minutes: float = 10
    keep: int = 2
    compiled: bool = False
    tensorboard: bool = False
    online: OnlineKnn | None = None
    hang_seconds: float = 120
