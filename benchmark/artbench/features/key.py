"""What tells one set of features from another."""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property

# Raise it whenever the files of the store mean something else than before.
STORE_VERSION = 2


@dataclass(frozen=True, kw_only=True)
class StoreKey:
    """Everything that changes a feature. Features under equal keys are equal to the last bit on one machine.

    The name of the pretraining is not part of it: weights are known by their digest.

    Attributes:
        dataset: Name of the dataset.
        dataset_fingerprint: State of its pictures (`Dataset.fingerprint`).
        backbone: Name of the backbone, which stands for the code around the weights: pooling, say.
        weights_sha256: Digest of the weights.
        feature_dim: Length of a feature vector.
        features: Which output of the network.
        short_side: Length in pixels to which the short side is resized.
        crop: Side of the crop in pixels.
        interpolation: Of the resize.
        mean: Per channel, of RGB in [0, 1].
        std: Per channel, of RGB in [0, 1].
        decode: How files become pixels (`decode_path`).
        device: Kind of device: `cpu`, `cuda`, `mps`.
        dtype: Of the forward pass.
        compiled: Whether the forward pass was compiled, which adds in another order.
        batch: Pictures a forward pass: libraries choose their kernels by shape.
    """

    dataset: str
    dataset_fingerprint: str
    backbone: str
    weights_sha256: str
    feature_dim: int
    features: str = "module output"
    short_side: int
    crop: int
    interpolation: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    decode: str
    device: str
    dtype: str
    compiled: bool = False
    batch: int

    @cached_property
    def digest(self) -> str:
        """SHA-256 over all of it in canonical JSON; 64 hexadecimal digits."""
        content = {"store_version": STORE_VERSION, **asdict(self)}
        return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
