"""The description of a training: everything that determines its result, the digest of that, and how to carry it out."""

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
        name: Name of the method, such as `moco-v2`.
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
        """Everything that determines the resulting weights, on one kind of machine."""
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

    Most fields are those of `PretrainRequest`.

    Attributes:
        device: `cpu`, `cuda` or `mps`.
        online: Task to measure the features on by kNN; None: they are not measured.
        knn_every: Number of epochs from one measurement to the next; None: what `online_knn.usual_interval` says.
        accept_changes: Whether a resumed run goes on with another device, number type or version than before.
        hang_seconds: Seconds that a step takes at least before it is reported as hanging.
    """

    device: str
    workers: int | None = None
    pack: bool = False
    resume: bool = False
    save_minutes: float = 10
    keep: int = 2
    compiled: bool = False
    micro_batch: int | None = None
    tensorboard: bool = False
    online: OnlineKnn | None = None
    knn_every: int | None = None
    accept_changes: bool = False
    hang_seconds: float = 120
