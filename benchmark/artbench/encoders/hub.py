"""Servers that publish weights: whether they can be reached, and where torch.hub caches their files."""

import ssl
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import torch

_SECONDS = 8.0


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


def torch_hub_file(url: str) -> Path:
    """Return where torch.hub caches the file of an address, whether it is there or not."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(urlsplit(url).path).name
