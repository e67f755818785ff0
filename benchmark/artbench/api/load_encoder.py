"""`artbench.load_encoder`: a frozen network together with its preprocessing."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from artbench.api.common import LoggingReporter, PathLike, as_name, loaded
from artbench.data.decode import UnreadableImage, decode, prepare
from artbench.encoders.encoder import Encoder
from artbench.encoders.request import encoder_requests
from artbench.errors import ArtbenchError
from artbench.protocol import LINEAR_V1
from artbench.runtime.machine import choose_device
from artbench.runtime.progress import Reporter


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class LoadedEncoder:
    """A backbone holding the weights of one pretraining, frozen, in eval mode, with the preprocessing of the protocol.

    Called on a batch of prepared pictures, float32, shape (n, 3, input_side, input_side), on any device, it gives
    their features, float32, shape (n, feature_dim), on `device`. No gradient is recorded; where you want one, call
    `module` itself.

    Attributes:
        backbone: Name of the backbone.
        pretraining: Name of the pretraining, or of a checkpoint's file.
        module: Normalised float32 pictures (n, 3, h, w) to features (n, feature_dim).
        device: Where the module is.
        feature_dim: Length of a feature vector.
        input_side: Side in pixels of a prepared picture.
        mean: Per channel, of RGB in [0, 1].
        std: Per channel, of RGB in [0, 1].
        weights_sha256: Digest of the weights, as records name it.
        source: Where the weights are from.
    """

    backbone: str
    pretraining: str
    module: torch.nn.Module
    device: str
    feature_dim: int
    input_side: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    weights_sha256: str
    source: str
    _short_side: int

    def preprocess(self, picture: Image.Image | PathLike, /) -> torch.Tensor:
        """Make a picture ready as the protocol does: turned upright, resized, centre cropped, normalised.

        Args:
            picture: The path of a file, or a picture of Pillow's, which is left as it is. Of a large JPEG, the path
                gives the very pixels that artbench extracts from; a picture that was decoded elsewhere, at its full
                size, may differ in the last bits.

        Returns:
            float32, shape (3, input_side, input_side), on the CPU.

        Raises:
            ArtbenchError: It can't be read.
        """
        pixels = torch.from_numpy(self._pixels(picture)).permute(2, 0, 1).float()
        mean, std = (255 * torch.tensor(values).view(3, 1, 1) for values in (self.mean, self.std))
        return pixels.sub_(mean).div_(std).contiguous()

    @torch.no_grad()
    def __call__(self, batch: torch.Tensor, /) -> torch.Tensor:
        """Features, shape (n, feature_dim), of prepared pictures, shape (n, 3, input_side, input_side)."""
        features = self.module(batch.to(self.device))
        assert isinstance(features, torch.Tensor)
        return features

    def __repr__(self) -> str:
        side = self.input_side
        return (
            f"LoadedEncoder({self.backbone}, {self.pretraining}; (n, 3, {side}, {side}) to (n, {self.feature_dim}) "
            f"on {self.device}; weights {self.weights_sha256[:12]})"
        )

    def _pixels(self, picture: Image.Image | PathLike) -> NDArray[np.uint8]:
        name = "a picture" if isinstance(picture, Image.Image) else f"the picture {Path(picture)}"
        try:
            if isinstance(picture, Image.Image):
                return prepare(picture, short_side=self._short_side, crop=self.input_side)
            return decode(Path(picture).read_bytes(), short_side=self._short_side, crop=self.input_side)
        except OSError as error:
            raise ArtbenchError(f"{name} can't be read ({error.strerror or error})") from error
        except UnreadableImage as error:
            raise ArtbenchError(f"{name} can't be read: {error.reason}") from error


def load_encoder(
    backbone: str,
    pretraining: PathLike = "imagenet",
    *,
    device: str = "cpu",
    seed: int = 0,
    plugins: Sequence[PathLike] = (),
    reporter: Reporter | None = None,
) -> LoadedEncoder:
    """Load an encoder: exactly the network and the preprocessing whose features artbench puts on record.

    Args:
        backbone: An architecture: `resnet50`.
        pretraining: Where its weights come from: a name, or the path of a checkpoint.
        device: Where to put the module: `auto`, `cpu`, `cuda`, or `mps`.
        seed: Seed for random weights.
        plugins: Python files that hold plugins, beside those that are installed.
        reporter: As of `artbench.run`.

    Raises:
        UsageError: A name is unknown, there is no such device, or the pretraining has to be trained first.
        ArtbenchError: The backbone can't be built, or there are no such weights.

    Examples:
        >>> import artbench
        >>> from PIL import Image
        >>> encoder = artbench.load_encoder("resnet18", pretraining="random")
        >>> image = encoder.preprocess(Image.new("RGB", (400, 300), "teal"))
        >>> encoder(image.unsqueeze(0)).shape
        torch.Size([1, 512])
    """
    told = reporter or LoggingReporter()
    place = choose_device(device)
    (candidate,) = encoder_requests([backbone], [as_name(pretraining)], registry=loaded(plugins, told), seed=seed)
    return _loaded(candidate.build(told), place)


def _loaded(encoder: Encoder, device: str) -> LoadedEncoder:
    return LoadedEncoder(
        backbone=encoder.backbone,
        pretraining=encoder.pretraining,
        module=encoder.module.to(device),
        device=device,
        feature_dim=encoder.feature_dim,
        input_side=LINEAR_V1.picture.crop_side(encoder.input_size),
        mean=encoder.mean,
        std=encoder.std,
        weights_sha256=encoder.weights_sha256,
        source=encoder.source,
        _short_side=LINEAR_V1.picture.short_side(encoder.input_size),
    )
