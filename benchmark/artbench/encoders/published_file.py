"""The file of published weights: where it comes from, where it is kept, and whether it is the published one."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from artbench.encoders.hub import torch_hub_file
from artbench.runtime.files import sha256_of

# How torch.hub reads the beginning of a SHA-256 off a name.
_IN_NAME = re.compile(r"-([a-f0-9]*)\.")
_SHA256, _SHA1 = re.compile(r"[0-9a-f]{64}"), re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, kw_only=True)
class PublishedFile:
    """A file of published weights, for `artbench weights fetch`, which says where it comes from and compares it.

    Attributes:
        address: Where it is published, such as an https address.
        cached: `() -> Path | None`: the file where the code that loads it looks first; None if it is not there.
        differs: `(path) -> bool | None`: whether that file is another one than the published one, by the digest that
            the source states; None if the source states none.
        by_hand: How to bring it to a machine without a network, as a sentence without a full stop.

    Examples:
        >>> from artbench.encoders import PublishedFile
        >>> PublishedFile.in_torch_hub("https://example.org/resnet18-f37072fd.pth").address
        'https://example.org/resnet18-f37072fd.pth'
        >>> PublishedFile.on_hub("timm/resnet18.a1_in1k", "model.safetensors").address.partition("/timm/")[2]
        'resnet18.a1_in1k/resolve/main/model.safetensors'
    """

    address: str
    cached: Callable[[], Path | None]
    differs: Callable[[Path], bool | None] = lambda _: None
    by_hand: str = ""

    @classmethod
    def in_torch_hub(cls, url: str) -> "PublishedFile":
        """A file that `torch.hub.load_state_dict_from_url` keeps; `-f37072fd.` in its name is the start of its SHA-256.

        Args:
            url: Its address.
        """
        file = torch_hub_file(url)

        def differs(path: Path) -> bool | None:
            stated = _IN_NAME.search(path.name)
            return None if stated is None or not stated[1] else not sha256_of(path).startswith(stated[1])

        return cls(
            address=url,
            cached=lambda: file if file.is_file() else None,
            differs=differs,
            by_hand=f"By hand: save it as {quote(str(file))}",
        )

    @classmethod
    def on_hub(cls, repository: str, *names: str, revision: str | None = None) -> "PublishedFile":
        """A file on the Hugging Face hub, in the cache of its library, which names files by their digests.

        Args:
            repository: `timm/resnet18.a1_in1k`.
            names: Names that it may have, in the order in which they are looked for.
            revision: Branch, tag or commit; None: `main`.
        """
        from huggingface_hub import constants, hf_hub_url, try_to_load_from_cache

        def cached() -> Path | None:
            found = (try_to_load_from_cache(repository, name, revision=revision) for name in names)
            return next((Path(path) for path in found if isinstance(path, str)), None)

        folder = f"models--{repository.replace('/', '--')}"
        at = "" if revision is None else f" --revision {quote(revision)}"
        return cls(
            address=hf_hub_url(repository, names[0], revision=revision),
            cached=cached,
            differs=_differs_from_blob,
            by_hand=f"By hand: where there is a network, `hf download {quote(repository)} {quote(names[0])}{at}`, then "
            f"copy the folder {folder} of its cache into {quote(constants.HF_HUB_CACHE)}",
        )


def _differs_from_blob(path: Path) -> bool | None:
    """Compare a file of the hub's cache with its name there: the SHA-256 of a large file, git's SHA-1 of others."""
    blob = path.resolve()
    if _SHA256.fullmatch(blob.name):
        return sha256_of(blob) != blob.name
    if _SHA1.fullmatch(blob.name):
        content = blob.read_bytes()
        return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest() != blob.name
    # A copy in which links have become files.
    return None
