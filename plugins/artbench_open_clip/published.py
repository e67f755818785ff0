"""The weights that open_clip publishes, fetched and read by its own code."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import open_clip
import torch
from huggingface_hub.errors import HfHubHTTPError
from open_clip.factory import load_checkpoint
from open_clip.pretrained import download_pretrained

from artbench.encoders import PublishedFile, Weights
from artbench.encoders.hub import UnreachableError, hub_unreachable, unreachable, without_token
from artbench.errors import ArtbenchError
from artbench.runtime.files import sha256_of
from artbench.specs import Particulars
from artbench_open_clip.corpora import corpus_of

# Where open_clip keeps what comes from other servers than the hub.
_CACHE = Path("~/.cache/clip")
_ON_HUB = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")


def fetch(model: str, tag: str, wanted: frozenset[str], create: Callable[[], torch.nn.Module]) -> Weights:
    """Fetch published weights of both sides, with the mean and std they were trained with.

    Args:
        model: open_clip's name of the network.
        tag: open_clip's tag of the weights.
        wanted: Names of the backbone's weights; others, such as those of a decoder, are dropped.
        create: `() -> network`: the whole network, which the weights are read into.

    Raises:
        UnreachableError: They are not in the cache, and their server can't be reached or does not give them.
        ArtbenchError: open_clip can't read them.
    """
    config: dict[str, Any] = dict(open_clip.get_pretrained_cfg(model, tag))
    path, name = _downloaded(model, tag, config), f"{model}.{tag}"
    network = create()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Strictly: a weight that is missing, too many or of another shape is an error.
            load_checkpoint(network, str(path), strict=True, weights_only=True)
    except Exception as error:
        raise ArtbenchError(
            f"open_clip can't read the weights {name} ({line(error)})",
            mend=f"Remove {path} and run again, or give a weights file as --pretraining PATH",
        ) from error
    state = {key: tensor for key, tensor in network.state_dict().items() if key in wanted}
    return Weights(state=state, source=f"open_clip/{name}", corpus=corpus_of(model, tag))


def file_of(model: str, tag: str) -> PublishedFile:
    """The file that `fetch` reads the weights from."""
    config: dict[str, Any] = dict(open_clip.get_pretrained_cfg(model, tag))
    if config.get("hf_hub"):
        repository, _, name = config["hf_hub"].rpartition("/")
        safe = f"{name.rpartition('.')[0]}.safetensors"
        return PublishedFile.on_hub(repository, *((safe, name) if name else _ON_HUB))
    url = str(config["url"])
    file = _CACHE.expanduser() / Path(urlsplit(url).path).name

    def differs(path: Path) -> bool | None:
        # OpenAI's addresses have the digest as a folder, those of open_clip its beginning at the end of the name.
        stated = url.split("/")[-2] if "openaipublic" in url else path.stem.rpartition("-")[2]
        return None if not stated.isalnum() else not sha256_of(path).startswith(stated)

    return PublishedFile(
        address=url,
        cached=lambda: file if file.is_file() else None,
        differs=differs if "openaipublic" in url or "mlfoundations" in url else lambda _: None,
        by_hand=f"By hand: save it as {file}",
    )


def particulars(name: str) -> Particulars:
    """Return whether the weights of a name are in a cache."""
    model, has_tag, tag = name.partition(":")[2].partition(".")
    if not has_tag:
        return Particulars(weights="none")
    return Particulars(weights="to download" if file_of(model, tag).cached() is None else "here")


def _downloaded(model: str, tag: str, config: dict[str, Any]) -> Path:
    """Return the file of published weights: that of the cache, if there is one, without asking a server."""
    cached = file_of(model, tag).cached()
    if cached is not None:
        return cached
    on_hub = bool(config.get("hf_hub"))
    offline = hub_unreachable() if on_hub else unreachable(config["url"])
    server = "the hub" if on_hub else urlsplit(config["url"]).netloc
    why = f"{server} can't be reached ({offline})"
    try:
        if not offline:
            with without_token():
                return Path(download_pretrained(config))
    except (OSError, HfHubHTTPError, RuntimeError) as error:
        why = f"{server} did not give them ({line(error)})"
    raise UnreachableError(
        f"the weights {model}.{tag} are not in the cache, and {why}",
        mend=f"`artbench weights fetch --backbone open_clip:{model}.{tag} --pretraining published` says where to put "
        "them by hand; or give a weights file as --pretraining PATH",
    )


def line(error: Exception) -> str:
    """Return an error in one line."""
    return " ".join(str(error).split())[:200]
