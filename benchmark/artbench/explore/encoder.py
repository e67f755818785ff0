"""The encoder of an exploration: the one asked for, or the best whose weights are on this machine."""

from artbench.encoders.fetch import cached_weights
from artbench.encoders.request import EncoderRequest, encoder_requests
from artbench.errors import ArtbenchError
from artbench.explore.request import CheckedRequest
from artbench.plugins.registry import Registry
from artbench.runtime.progress import Reporter

# The best first, as far as pictures of art are concerned; at 224 px, which a laptop can do.
PREFERRED = (
    ("vit_base_patch14_dinov2.lvd142m@size=224", "published"),
    ("vit_small_patch14_dinov2.lvd142m@size=224", "published"),
    # Reads words too.
    ("open_clip:ViT-B-32.laion2b_s34b_b79k", "published"),
    ("resnet50", "imagenet"),
    ("tf_efficientnet_lite0", "imagenet"),
)
# What needs no weights.
LAST = ("colour-histogram", "none")


def choose_encoder(checked: CheckedRequest, *, seed: int, registry: Registry, reporter: Reporter) -> EncoderRequest:
    """Return the encoder asked for, or the first of `PREFERRED` whose weights are in the caches; no network is used.

    Raises:
        UsageError: A name is unknown, or the pretraining has to be trained first.
        ArtbenchError: A checkpoint is not a file.
    """
    if checked.backbone is not None:
        backbone, pretraining = checked.backbone, checked.pretraining
        if pretraining is None:
            plain = backbone.partition("@")[0]
            # A name with a tag says which weights are meant.
            pretraining = LAST[1] if plain == LAST[0] else "published" if "." in plain else "imagenet"
    else:
        backbone, pretraining = _best_here(registry, reporter)
    (found,) = encoder_requests([backbone], [pretraining], registry=registry, seed=seed)
    return found


def _best_here(registry: Registry, reporter: Reporter) -> tuple[str, str]:
    for backbone, pretraining in PREFERRED:
        if _here(backbone, pretraining, registry):
            reporter.notice(f"pictures are compared by {backbone}, {pretraining}: --backbone names another network")
            return backbone, pretraining
    backbone, pretraining = PREFERRED[-1]
    reporter.notice(
        "no network's weights are on this machine, so pictures are compared by their colours alone: "
        f"`artbench weights fetch --backbone {backbone} --pretraining {pretraining}` brings some"
    )
    return LAST


def _here(backbone: str, pretraining: str, registry: Registry) -> bool:
    try:
        entry, spec = registry.backbones.find(backbone)
        source = registry.pretrainings.get(pretraining)
        stated = registry.backbones.particulars(entry, spec.network.partition("@")[0]).weights
        # Building a large network to ask where its weights would be takes many seconds.
        if source.name == "published" and stated:
            return stated == "here"
        return cached_weights(spec, source) is not None
    # A plugin may be left out, or its library.
    except ArtbenchError:
        return False
