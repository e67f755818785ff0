"""A torchvision classification model without its last layer."""

from functools import partial

import torch
from torchvision import models

from artbench.encoders import Backbone, PublishedFile
from artbench.errors import ArtbenchError
from artbench_torchvision.corpora import corpus_of
from artbench_torchvision.layers import layers_of, pool_of
from artbench_torchvision.published import fetch

_IMAGENET_MEAN, _IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_CLASSES = 1000
# Their second classifiers are for training alone.
_WITH_AUXILIARY_HEADS = {"googlenet", "inception_v3"}
_FIXED_SIZE = ("vit_", "maxvit_")


def build(model: str, name: str, *, size: int | None = None) -> Backbone:
    """Build the torchvision model `model` at its initialisation, with pooled features.

    Features are the input of the layer that outputs the classes. In AlexNet and VGG that is the second hidden
    layer of the classifier (4,096 numbers, after its ReLU), in SqueezeNet the last map, averaged.

    Args:
        model: `resnet50`.
        name: Its name in artbench: `torchvision_resnet50`.
        size: Side in pixels of the images; None: the one it was trained at, or any.

    Raises:
        ArtbenchError: The model does not take images of this size.
    """
    published = models.get_model_weights(model)
    options: dict[str, object] = {}
    if model in _WITH_AUXILIARY_HEADS:
        options |= {"aux_logits": False, "init_weights": True}
    if model.startswith(_FIXED_SIZE):
        own = int(published.DEFAULT.meta["min_size"][0])
        if model.startswith("vit_"):
            size = options["image_size"] = size or own
        elif size not in (None, own):
            raise ArtbenchError(f"{name} takes images of {own} pixels only, not of size={size}")
        size = size or own
    module = models.get_model(model, weights=None, **options)
    feature_dim = _remove_last_layer(module)
    sources = {"imagenet": published.__members__.get("IMAGENET1K_V1"), "published": published.DEFAULT}
    wanted = frozenset(module.state_dict())
    return Backbone(
        name=name,
        module=module,
        feature_dim=feature_dim,
        mean=_IMAGENET_MEAN,
        std=_IMAGENET_STD,
        input_size=size,
        published={
            key: partial(fetch, model, entry, wanted, size) for key, entry in sources.items() if entry is not None
        },
        files={
            key: partial(PublishedFile.in_torch_hub, entry.url) for key, entry in sources.items() if entry is not None
        },
        corpora={key: corpus for key, entry in sources.items() if entry and (corpus := corpus_of(entry.name))},
        pool=pool_of(model),
        layers=partial(layers_of, model, module),
    )


def _remove_last_layer(module: torch.nn.Module) -> int:
    """Replace the layer that outputs the classes by an identity, and return the length of its input."""
    name, last = [
        (name, layer)
        for name, layer in module.named_modules()
        if (isinstance(layer, torch.nn.Linear) and layer.out_features == _CLASSES)
        or (isinstance(layer, torch.nn.Conv2d) and layer.out_channels == _CLASSES)
    ][-1]
    module.set_submodule(name, torch.nn.Identity())
    return last.in_features if isinstance(last, torch.nn.Linear) else last.in_channels
