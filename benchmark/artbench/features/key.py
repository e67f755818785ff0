"""The key under which features are stored."""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Literal

# Raise it whenever the meaning of the store's files changes.
STORE_VERSION = 3


@dataclass(frozen=True, kw_only=True)
class StoreKey:
    """Everything that features depend on. On one machine, features under equal keys are equal to the last bit.

    The name of the pretraining is not part of it: the digest identifies the weights.

    Attributes:
        dataset_fingerprint: State of its images (`Dataset.fingerprint`).
        backbone: Name of the backbone.
        backbone_version: Version of its code (`BackboneSpec.version`).
        weights_sha256: Digest of the weights.
        feature_dim: Length of a feature vector.
        features: Output of the network that is stored.
        short_side: Length in pixels to which the short side is resized.
        crop: Side of the crop in pixels.
        interpolation: Interpolation of the resize.
        mean: Mean of each channel, of RGB in [0, 1].
        std: Standard deviation of each channel, of RGB in [0, 1].
        decode: Version and digest of the decoders (`decode_path`).
        torch: Version of torch, whose kernels may sum in another order.
        device: Kind of device: `cpu`, `cuda`, `mps`.
        dtype: Number type of the forward pass.
        compiled: Whether the forward pass was compiled, which changes the order of sums.
        batch: Images per forward pass: libraries choose their kernels by shape.
        stored: Number type on disk: `float32`, or `float16` for tokens.
    """

    dataset: str
    dataset_fingerprint: str
    backbone: str
    backbone_version: int = 1
    weights_sha256: str
    feature_dim: int
    features: str = "module output"
    short_side: int
    crop: int
    interpolation: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    decode: str
    torch: str
    device: str
    dtype: str
    compiled: bool = False
    batch: int
    stored: Literal["float32", "float16"] = "float32"

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the key as canonical JSON; 64 hexadecimal digits."""
        content = {"store_version": STORE_VERSION, **asdict(self)}
        if self.backbone_version == 1:
            # Stores of artbench before 0.3 know no versions.
            del content["backbone_version"]
        if self.stored == "float32":
            del content["stored"]
        return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
