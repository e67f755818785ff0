"""A timm model without its classifier, and the preprocessing that belongs to it."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import timm
import torch

from artbench.encoders import Backbone
from artbench.errors import ArtbenchError
from artbench.protocol import Preprocessing
from artbench_timm.corpora import corpus_of
from artbench_timm.layers import layers_of, pool_of, pool_options
from artbench_timm.positions import take_any_size, takes_any_size
from artbench_timm.published import fetch, file_of
from artbench_timm.tags import imagenet_weights, published_weights


def build(name: str, *, size: int | None = None, heads: int | None = None) -> Backbone:
    """Build the timm model `name` at its initialisation, with pooled features.

    Features are timm's output with `num_classes=0`: the input of the last linear layer.

    Args:
        name: timm's name, with or without a tag.
        size: Side in pixels of the images to build it for; None: the side it was trained at, or any.
        heads: Attention heads of every block, as in checkpoints of others; no published weights fit them. None: timm's.

    Raises:
        ArtbenchError: timm can't build it, not for images of this size or with so many heads, or it has no pooled
            features.
    """
    options = {} if heads is None else _with_heads(name, heads)
    built = _built(name, **options) if size is None else _resized(name, size, options)
    return built if heads is None else replace(built, published={}, files={})


def _with_heads(name: str, heads: int) -> dict[str, int]:
    """What a model is made with so that it has another number of attention heads."""
    counts = {getattr(part, "num_heads", None) for part in _built(name).module.modules()}
    own = {count for count in counts if isinstance(count, int)}
    if own == {heads}:
        raise ArtbenchError(f"{name} has {heads} heads by itself", mend=f"Name it {name}")
    try:
        _built(name, num_heads=heads)
    except (ArtbenchError, ArithmeticError) as error:
        has = f"{name} has {' or '.join(map(str, sorted(own)))}"
        raise ArtbenchError(
            f"{name} does not take heads={heads}", mend=f"The width is a multiple of the number of heads; {has}"
        ) from error
    return {"num_heads": heads}


def _resized(name: str, size: int, options: Mapping[str, int]) -> Backbone:
    plain = _built(name, **options)
    if plain.input_size is None:
        return replace(plain, input_size=size)
    patch = getattr(getattr(plain.module, "patch_embed", None), "patch_size", None)
    if patch is not None and any(size % side for side in patch):
        # timm would leave out the pixels that fill no patch.
        raise ArtbenchError(f"{name} does not take images of size={size}", mend=f"Sides are multiples of {max(patch)}")
    try:
        return _built(name, img_size=size, **options)
    except ArtbenchError as error:
        raise ArtbenchError(f"{name} does not take images of size={size}", mend=f"{error}") from error


def _built(name: str, **options: int) -> Backbone:
    try:
        module = timm.create_model(name, pretrained=False, num_classes=0, **options, **pool_options(name)).eval()
    except (RuntimeError, TypeError, ValueError, AssertionError, ImportError) as error:
        raise ArtbenchError(
            f"timm can't build {name} as a backbone ({' '.join(str(error).split())[:200]})",
            mend="Take another model: `artbench list backbones PATTERN` searches",
        ) from error
    config: Mapping[str, object] = module.pretrained_cfg
    mean, std = (_per_channel(config[key], name, key) for key in ("mean", "std"))
    side, feature_dim = _probe(module, config, name, options.get("img_size"))
    sources = {"imagenet": imagenet_weights(name), "published": published_weights(name)}
    # Nothing is published for other heads than a model's own.
    configs = {key: config for key, config in sources.items() if config is not None and "num_heads" not in options}
    wanted = frozenset(module.state_dict())
    return Backbone(
        name=name,
        module=module,
        feature_dim=feature_dim,
        mean=mean,
        std=std,
        input_size=side,
        any_size=partial(take_any_size, module) if takes_any_size(module) else None,
        published={key: partial(fetch, config, wanted, options) for key, config in configs.items()},
        files={key: partial(file_of, config) for key, config in configs.items()},
        corpora={key: corpus_of(config.architecture or "", config.tag or "") for key, config in configs.items()},
        pool=pool_of(module),
        layers=partial(layers_of, module, Preprocessing().crop_side(side)),
    )


def _probe(
    module: torch.nn.Module, config: Mapping[str, object], name: str, chosen: int | None
) -> tuple[int | None, int]:
    """Return the side of the images that the model takes (None: any) and the length of its features.

    Some models that timm does not call fixed fail on other sides than multiples of their stride (DLA, HRNet):
    those get the size they were trained at.
    """
    size = config["input_size"]
    if not isinstance(size, (tuple, list)) or size[0] != 3 or size[1] != size[2]:
        raise ArtbenchError(f"{name} takes images of shape {size}, not square ones in colour")
    own = int(size[-1]) if chosen is None else chosen
    if chosen is None and not config.get("fixed_input_size"):
        try:
            return None, _feature_dim(module, Preprocessing().size, name)
        except (RuntimeError, AssertionError, ValueError):
            pass
    return own, _feature_dim(module, own, name)


def _feature_dim(module: torch.nn.Module, side: int, name: str) -> int:
    with torch.inference_mode():
        features = module(torch.zeros(1, 3, side, side))
    if not isinstance(features, torch.Tensor) or features.ndim != 2:
        shape = tuple(features.shape) if isinstance(features, torch.Tensor) else type(features).__name__
        raise ArtbenchError(
            f"{name} gives no pooled features, one vector per image, but {shape}",
            mend="Take another model: `artbench list backbones PATTERN` searches",
        )
    return int(features.shape[1])


def _per_channel(values: object, name: str, what: str) -> tuple[float, float, float]:
    if not isinstance(values, (tuple, list)) or len(values) != 3:
        raise ArtbenchError(f"timm gives {values} as the {what} of {name}, not three numbers")
    red, green, blue = (float(value) for value in values)
    return red, green, blue
