"""Which of timm's published weights are supervised ImageNet weights, read off their tags."""

import timm
from timm.models import PretrainedCfg, get_arch_pretrained_cfgs

# ImageNet-1k; and its larger relatives of 12k, 21k and 22k classes, fine-tuned on ImageNet-1k or not.
_IMAGENET_1K = {"in1k"}
_IMAGENET = _IMAGENET_1K | {"in12k", "in21k", "in22k", "inw21k"}

# Other images, captions, or training without labels, before or beside ImageNet.
_NOT_SUPERVISED_IMAGENET = {
    *("jft", "ig1b", "yfcc100m", "swag", "seer", "swsl", "wsl", "ssl", "ssld", "bamboo", "indomain"),
    *("clip", "openai", "laion2b", "laion400m", "laiona", "webli", "datacompxl", "metaclip", "mclip", "merged2b"),
    *("mae", "fcmae", "mim", "dino", "dinov3", "ijepa", "m30m", "m38m", "lvd142m", "lvd1689m"),
}
# TinyViT's 22k weights are distilled from CLIP (Wu et al. 2022), which their tags do not say.
_DISTILLED_FROM_CLIP = {"dist_in22k", "dist_in22k_ft_in1k"}
# All weights of these begin with masked image modelling, whatever their tags say; HRNet's `ssld` ones with
# labels from a model that saw other images.
_SELF_SUPERVISED_MODELS = ("beit", "eva")
_SEMI_SUPERVISED_MODELS = "_ssld"


def published_weights(name: str) -> PretrainedCfg | None:
    """Return the weights of a name: those of its tag, or timm's default ones; None if none are published."""
    config = timm.get_pretrained_cfg(name)
    return config if config is not None and config.has_weights else None


def imagenet_weights(name: str) -> PretrainedCfg | None:
    """Return the supervised ImageNet weights of a name; None if there are none.

    With a tag, those of the tag. Without, the first in timm's own order that saw ImageNet-1k alone, else the
    first that saw a larger ImageNet.
    """
    model, _, tag = name.partition(".")
    configs = get_arch_pretrained_cfgs(model).values()
    supervised = [
        config
        for config in configs
        if config.has_weights and tag in ("", config.tag) and is_supervised_imagenet(model, config.tag or "")
    ]
    of_1k = [config for config in supervised if not _parts(config.tag or "") & (_IMAGENET - _IMAGENET_1K)]
    return next(iter(of_1k + supervised), None)


def is_supervised_imagenet(model: str, tag: str) -> bool:
    """Whether weights come from labelled ImageNet images and nothing else.

    Distillation counts as supervised where the teacher is.
    """
    if model.startswith(_SELF_SUPERVISED_MODELS) or model.endswith(_SEMI_SUPERVISED_MODELS):
        return False
    parts = _parts(tag)
    return bool(parts & _IMAGENET) and not parts & _NOT_SUPERVISED_IMAGENET and tag not in _DISTILLED_FROM_CLIP


def _parts(tag: str) -> set[str]:
    return set(tag.split("_"))
