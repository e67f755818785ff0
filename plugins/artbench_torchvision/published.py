"""The weights that torchvision publishes, from torch.hub's cache or from download.pytorch.org."""

import re
import sys
from contextlib import redirect_stdout
from urllib.error import URLError
from urllib.parse import urlsplit

import torch
from torchvision.models import WeightsEnum
from torchvision.models.vision_transformer import interpolate_embeddings

from artbench.encoders import Weights
from artbench.encoders.hub import UnreachableError, offline_weights, torch_hub_file, unreachable
from artbench.errors import ArtbenchError
from artbench_torchvision.corpora import corpus_of

# The oldest DenseNet files have a dot within the names of layers; torchvision renames them as it loads them.
_OLD_DENSENET = re.compile(r"^(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\.\w+)$")
# Trained on images from -1 to 1; torchvision's own models convert from ImageNet's normalisation inside.
_FROM_MINUS_ONE_TO_ONE = {"googlenet", "inception_v3"}


def fetch(model: str, entry: WeightsEnum, wanted: frozenset[str], size: int | None) -> Weights:
    """Fetch published weights, with the mean and std they were trained with.

    Args:
        model: Its name in torchvision.
        entry: One of its published weights.
        wanted: Names of the backbone's weights; the others, those of the classifier, are dropped.
        size: Side in pixels of the images; the positions of a vision transformer are resampled to it.

    Raises:
        UnreachableError: They are not in the cache, and can't be downloaded.
        ArtbenchError: Their file can't be read.
    """
    state = _state(model, entry)
    named = {_OLD_DENSENET.sub(r"\1\2", key): tensor for key, tensor in state.items()}
    if model.startswith("vit_") and size is not None:
        patch = int(model.removeprefix("vit_").split("_")[1])
        named = dict(interpolate_embeddings(size, patch, named))
    transforms = entry.transforms()
    halves = (0.5, 0.5, 0.5)
    return Weights(
        state={key: tensor for key, tensor in named.items() if key in wanted},
        source=f"torchvision/{model}.{entry.name}",
        mean=halves if model in _FROM_MINUS_ONE_TO_ONE else tuple(transforms.mean),
        std=halves if model in _FROM_MINUS_ONE_TO_ONE else tuple(transforms.std),
        corpus=corpus_of(entry.name),
    )


def _state(model: str, entry: WeightsEnum) -> dict[str, torch.Tensor]:
    server, cached = urlsplit(entry.url).netloc, torch_hub_file(entry.url)
    reason = "" if cached.is_file() else unreachable(entry.url)
    if reason:
        raise _unavailable(model, entry, f"{server} can't be reached ({reason})")
    try:
        with redirect_stdout(sys.stderr):
            state: dict[str, torch.Tensor] = entry.get_state_dict(
                progress=sys.stderr.isatty(), check_hash=True, map_location="cpu", weights_only=True
            )
    except URLError as error:
        raise _unavailable(model, entry, f"{server} did not give them ({error.reason})") from error
    except Exception as error:
        why = " ".join(str(error).split())[:200]
        raise ArtbenchError(
            f"the weights {model}.{entry.name} can't be read ({why})", mend=f"Remove {cached}, and run again"
        ) from error
    return state


def _unavailable(model: str, entry: WeightsEnum, why: str) -> UnreachableError:
    return UnreachableError(
        f"the weights {model}.{entry.name} are not in the cache, and {why}",
        mend="Give a weights file as --pretraining PATH, or set TORCH_HOME to a cache that holds them; without the "
        f"network {offline_weights()}",
    )
