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
from artbench.encoders.request import encoder_requests
from artbench.errors import ArtbenchError
from artbench.protocol import DEFAULT_PROTOCOL
from artbench.runtime.machine import choose_device
from artbench.runtime.progress import Reporter


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class LoadedEncoder:
    """A backbone with the weights of one pretraining, frozen, in eval mode, and the preprocessing of the protocol.

    Called with a batch of preprocessed images, float32, shape (n, 3, input_side, input_side), on any device, it returns
    their features, float32, shape (n, feature_dim), on `device`. No gradient is recorded; to get one, call `module`.

    Attributes:
        backbone: Name of the backbone.
        pretraining: Name of the pretraining, or of a checkpoint's file.
        module: Network from normalised images, float32, (n, 3, h, w), to features, (n, feature_dim).
        device: Device of the module.
        feature_dim: Length of a feature vector.
        input_side: Side of a preprocessed image, in pixels.
        mean: Mean of each channel, of RGB in [0, 1].
        std: Standard deviation of each channel, of RGB in [0, 1].
        weights_sha256: Digest of the weights, as in records.
        source: Where the weights come from.
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

    def preprocess(self, image: Image.Image | PathLike, /) -> torch.Tensor:
        """Preprocess an image as the protocol does: turned upright, resized, centre cropped, normalised.

        Args:
            image: The path of a file, or a Pillow image, which is not changed. The path of a large JPEG gives exactly
                the pixels that artbench extracts features from; an image decoded at its full size may differ in the
                last bits.

        Returns:
            float32, shape (3, input_side, input_side), on the CPU.

        Raises:
            ArtbenchError: The image can't be read.
        """
        pixels = torch.from_numpy(self._pixels(image)).permute(2, 0, 1).float()
        mean, std = (255 * torch.tensor(values).view(3, 1, 1) for values in (self.mean, self.std))
        return pixels.sub_(mean).div_(std).contiguous()

    @torch.no_grad()
    def __call__(self, batch: torch.Tensor, /) -> torch.Tensor:
        """Return features, shape (n, feature_dim), of preprocessed images, shape (n, 3, input_side, input_side)."""
        features = self.module(batch.to(self.device))
        assert isinstance(features, torch.Tensor)
        return features

    def __repr__(self) -> str:
        side = self.input_side
        return (
            f"LoadedEncoder({self.backbone}, {self.pretraining}; (n, 3, {side}, {side}) to (n, {self.feature_dim}) "
            f"on {self.device}; weights {self.weights_sha256[:12]})"
        )

    def _pixels(self, image: Image.Image | PathLike) -> NDArray[np.uint8]:
        name = "the image" if isinstance(image, Image.Image) else f"the image {Path(image)}"
        try:
            if isinstance(image, Image.Image):
                return prepare(image, short_side=self._short_side, crop=self.input_side)
            return decode(Path(image).read_bytes(), short_side=self._short_side, crop=self.input_side)
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
    """Load an encoder: exactly the network and the preprocessing that artbench measures.

    Args:
        backbone: An architecture: `resnet50`.
        pretraining: Where its weights come from: a name, or the path of a checkpoint.
        device: Device for the module: `auto`, `cpu`, `cuda`, or `mps`.
        seed: Seed for random weights.
        plugins: Python files with plugins, in addition to those that are installed.
        reporter: As for `artbench.run`.

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
    reporter, device = reporter or LoggingReporter(), choose_device(device)
    registry = loaded(plugins, reporter)
    (request,) = encoder_requests([backbone], [as_name(pretraining)], registry=registry, seed=seed)
    encoder = request.build(reporter)
    return LoadedEncoder(
        backbone=encoder.backbone,
        pretraining=encoder.pretraining,
        module=encoder.module.to(device),
        device=device,
        feature_dim=encoder.feature_dim,
        input_side=DEFAULT_PROTOCOL.picture.crop_side(encoder.input_size),
        mean=encoder.mean,
        std=encoder.std,
        weights_sha256=encoder.weights_sha256,
        source=encoder.source,
        _short_side=DEFAULT_PROTOCOL.picture.short_side(encoder.input_size),
    )
