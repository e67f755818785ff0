"""What a search shows of timm's models: their size, and whether their weights are in a cache."""

import json
from contextlib import suppress
from pathlib import Path

import timm
import torch
from huggingface_hub import try_to_load_from_cache
from timm.models import PretrainedCfg

from artbench.encoders.hub import torch_hub_file
from artbench.errors import ArtbenchError
from artbench.runtime.files import cache_folder, write_text
from artbench.specs import Particulars
from artbench_timm.lite import LITE, installed
from artbench_timm.tags import published_weights

_FILES = ("model.safetensors", "open_clip_model.safetensors", "pytorch_model.bin", "open_clip_pytorch_model.bin")


def particulars(name: str) -> Particulars:
    """Return the number of parameters without the classifier, and whether the weights of this name are in a cache."""
    return Particulars(parameters=_parameters(name), weights=_weights(name))


def _weights(name: str) -> str:
    config = published_weights(name)
    if config is None:
        return "none"
    full = f"{config.architecture}.{config.tag}" if config.tag else str(config.architecture)
    return "here" if _packaged(full) or _cached(config) else "to download"


def _packaged(name: str) -> bool:
    return name in LITE and installed(LITE[name])


def _cached(config: PretrainedCfg) -> bool:
    if config.hf_hub_id:
        repository, *revision = config.hf_hub_id.split("@", 1)
        files = (config.hf_hub_filename,) if config.hf_hub_filename else _FILES
        found = (try_to_load_from_cache(repository, file, revision=(revision or [None])[0]) for file in files)
        return any(isinstance(path, str) for path in found)
    url = config.url if isinstance(config.url, str) else config.url[0]
    return torch_hub_file(url).is_file()


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
