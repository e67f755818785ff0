"""Places that publish weights: whether they can be reached, found out in seconds, and what is cached of them."""

import ssl
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import torch

_SECONDS = 8.0


def unreachable(url: str) -> str:
    """Why a server can't be reached, as a few words; empty if it answers anything at all.

    Asked before a download, because libraries wait without a limit (torch.hub) or try again for the
    better part of a minute (huggingface_hub). Goes through the proxy that the environment names.

    Args:
        url: Any address on the server, with http or https.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"not an address of the web: {url}")
    try:
        with urlopen(Request(f"{parts.scheme}://{parts.netloc}", method="HEAD"), timeout=_SECONDS):  # noqa: S310 (checked)
            return ""
    except HTTPError:
        return ""
    except URLError as error:
        # A certificate that only Python mistrusts is for the library to judge: the server did answer.
        return "" if isinstance(error.reason, ssl.SSLError) else str(error.reason)
    except TimeoutError:
        return f"no answer in {_SECONDS:.0f} s"
    except OSError as error:
        return str(error)


def torch_hub_file(url: str) -> Path:
    """Where torch.hub keeps the file of an address, whether it is there or not."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(urlsplit(url).path).name
