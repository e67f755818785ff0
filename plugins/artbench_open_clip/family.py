"""Names of open_clip's models, with and without the tag of weights: `open_clip:ViT-B-32.laion2b_s34b_b79k`."""

from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec

from artbench.errors import ArtbenchError
from artbench.specs import BackboneSpec

PREFIX = "open_clip:"


def resolve(name: str) -> BackboneSpec | None:
    """Return the backbone `open_clip:MODEL` or `open_clip:MODEL.TAG`; None if open_clip has no such model or tag.

    Raises:
        ArtbenchError: open_clip is not installed.
    """
    if not name.startswith(PREFIX):
        return None
    if not _installed():
        raise ArtbenchError(f"{name} needs open_clip, which is not installed", mend='pip install "artbench[text]"')
    import open_clip

    model, has_tag, tag = name.removeprefix(PREFIX).partition(".")
    if model not in open_clip.list_models() or (has_tag and tag not in open_clip.list_pretrained_tags_by_model(model)):
        return None
    from artbench_open_clip.backbone import build, text_side

    return BackboneSpec(
        name=name,
        description=f"{model} of open_clip" + (f" for the weights {tag}" if tag else ""),
        factory=partial(build, model, tag),
        text=text_side,
    )


def names() -> Sequence[str]:
    """Return all names, each model before its tags; none if open_clip is not installed."""
    if not _installed():
        return ()
    import open_clip

    return sorted(
        PREFIX + name
        for model in open_clip.list_models()
        for name in (model, *(f"{model}.{tag}" for tag in open_clip.list_pretrained_tags_by_model(model)))
    )


def _installed() -> bool:
    return find_spec("open_clip") is not None
