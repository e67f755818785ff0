"""What a search shows of timm's models: their size, and whether their weights are in a cache."""

import json
from contextlib import suppress
from pathlib import Path

import timm
import torch

from artbench.errors import ArtbenchError
from artbench.runtime.files import cache_folder, write_text
from artbench.specs import Particulars
from artbench_timm.published import file_of
from artbench_timm.tags import published_weights


def particulars(name: str) -> Particulars:
    """Return the number of parameters without the classifier, and whether the weights of this name are in a cache."""
    return Particulars(parameters=_parameters(name), weights=_weights(name))


def _weights(name: str) -> str:
    config = published_weights(name)
    if config is None:
        return "none"
    return "to download" if file_of(config).cached() is None else "here"


def _parameters(name: str) -> int | None:
    """Count on the meta device, in a fifth of a second; the number is cached for this release of timm."""
    counted, file = _counted()
    if name not in counted:
        try:
            with torch.device("meta"):
                module = timm.create_model(name, pretrained=False, num_classes=0)
        except Exception:  # Some models can't be built on the meta device.
            return None
        counted[name] = sum(parameter.numel() for parameter in module.parameters())
        if file is not None:
            with suppress(OSError):
                write_text(file, json.dumps(counted))
    return counted[name]


def _counted() -> tuple[dict[str, int], Path | None]:
    try:
        file = cache_folder() / "names" / f"timm-{timm.__version__}-parameters.json"
    except ArtbenchError:
        return {}, None
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}, file
    if not isinstance(content, dict):
        return {}, file
    return {name: count for name, count in content.items() if isinstance(count, int)}, file
