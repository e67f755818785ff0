"""Whether a place that publishes weights can be reached, found out in seconds."""

import ssl
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

_SECONDS = 8.0


def unreachable(url: str) -> str:
    """Why a server can't be reached, as a few words; empty if it answers anything at all.

    Asked before a download, because libraries wait without a limit (torch.hub) or try again for the
    better part of a minute (huggingface_hub). Goes through the proxy that the environment names.

    Args:
        url: An address on the server, with http or https.
    """
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"not an address of the web: {url}")
    try:
        with urlopen(Request(url, method="HEAD"), timeout=_SECONDS):  # noqa: S310 (checked above)
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
