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
        name: Of the pretraining: `moco-v2`.
        method: What it names.
        settings: Checked.
        backbone: What is trained.
        pool: On what.
        seed: Of initialisation, order and augmentation.
        plugins: Version of each distribution that provides method, backbone or datasets.
        asked: The folder of each dataset by the name that it was asked for (`Begun.datasets`); decides nothing.
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
        """All that decides what comes out, on one kind of machine."""
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
        """Pictures of each dataset in the pool."""
        return tuple(len(rows) for rows in self.pool.rows)

    @property
    def key(self) -> str:
        """SHA-256 of the identity and the plugins' versions; 64 hexadecimal digits."""
        content = {**self.identity, "plugins": dict(self.plugins)}
        return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """How a training is carried out, which changes nothing about what comes out, to rounding.

    Attributes:
        device: `cpu`, `cuda` or `mps`.
        workers: Pictures' threads; None: what suits the machine.
        pack: Whether the pool is kept as raw pixels in the cache.
        resume: Go on from the last checkpoint.
        save_minutes: Between two checkpoints; 0: one after every step.
        keep: How many of the latest checkpoints stay.
        compiled: Whether `torch.compile` makes kernels for the networks.
        tensorboard: Whether the log is written for TensorBoard as well.
        online: Task that judges the features by kNN, after every epoch; None: nobody judges.
        hang_seconds: That a step takes at least before it is told of as one that hangs.
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
