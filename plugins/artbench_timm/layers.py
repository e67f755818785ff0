"""Where the features of a timm model lie, and how timm pools them."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal, cast

import torch
from timm.layers import SelectAdaptivePool2d

from artbench.encoders.backbone import Layers
from artbench.errors import ArtbenchError
from artbench.specs import Pool

# timm's names of poolings; the models with an attention pool over a map call it `token`.
_POOLS: Mapping[str, Pool] = {"token": "cls", "avg": "avg", "max": "max", "map": "map"}


def pool_options(name: str) -> dict[str, str]:
    """What a model is made with so that it is pooled as its authors evaluate it.

    timm averages the patches of the transformers of DINOv3 (EUPE has the same) and Sapiens2; their authors take the
    class token (Siméoni et al. 2025, Zhu et al. 2026, Khirodkar et al. 2026).
    """
    token = name.startswith("vit_") and ("_dinov3" in name or "_sapiens2" in name)
    return {"global_pool": "token"} if token else {}


def pool_of(module: torch.nn.Module) -> Pool | Literal[""]:
    """How a timm model pools, in artbench's words; empty if it does otherwise than by one of them."""
    pool = getattr(module, "global_pool", None) or getattr(getattr(module, "head", None), "global_pool", None)
    if isinstance(pool, SelectAdaptivePool2d):
        pool = pool.pool_type
    if not isinstance(pool, str) or pool not in _POOLS:
        # Byobnet's attention pool is a module of its own.
        return "map" if "AttentionPool" in type(pool).__name__ else ""
    if pool == "token":
        prefix = getattr(module, "num_prefix_tokens", None)
        # A map has no tokens; models with a second class token for distillation average both.
        return "map" if prefix is None else "" if hasattr(module, "dist_token") else "cls"
    return _POOLS[pool]


def layers_of(module: torch.nn.Module, side: int) -> Layers:
    """The blocks or stages of a timm model, as its `feature_info` lists them, and its last map or tokens.

    Args:
        module: The model.
        side: Side in pixels of an image that it takes.

    Raises:
        ArtbenchError: timm does not say where they are.
    """
    info = getattr(module, "feature_info", None)
    last, output = _last(module, side)
    if not info or output.ndim not in (3, 4):
        raise ArtbenchError(
            f"timm does not list the layers of a {type(module).__name__}, so it has no variants by them"
        )
    stages = list(info)
    channels = {stage["num_chs"] for stage in stages}
    tokens = output.ndim == 3
    norms = [name for name in ("fc_norm", "head.norm") if _is_norm(module, name)]
    return Layers(
        names=(*(stage["module"] for stage in stages[:-1]), last),
        prefix_tokens=int(getattr(module, "num_prefix_tokens", 0) or 0) if tokens else 0,
        channels_last=getattr(module, "output_fmt", "NCHW") == "NHWC",
        norm="norm" if last == "norm" and tokens and len(channels) == 1 and _is_norm(module, "norm") else "",
        pooled_norm=norms[0] if norms else "",
    )


def _is_norm(module: torch.nn.Module, name: str) -> bool:
    try:
        return not isinstance(module.get_submodule(name), torch.nn.Identity)
    except AttributeError:
        return False


def _last(module: torch.nn.Module, side: int) -> tuple[str, torch.Tensor]:
    """The submodule whose output is what the model pools, and that output."""
    outputs: list[tuple[str, object]] = []

    def keep(name: str, _: torch.nn.Module, __: object, output: object) -> None:
        outputs.append((name, output))

    hooks = [part.register_forward_hook(partial(keep, name)) for name, part in module.named_modules() if name]
    try:
        with torch.no_grad():
            pooled = cast("Callable[[torch.Tensor], object]", module.forward_features)(torch.zeros(1, 3, side, side))
    finally:
        for hook in hooks:
            hook.remove()
    same = [name for name, output in outputs if output is pooled]
    if not same or not isinstance(pooled, torch.Tensor):
        raise ArtbenchError(
            f"a {type(module).__name__} of timm does not say what it pools: it has no variants by layer"
        )
    return same[-1], pooled
