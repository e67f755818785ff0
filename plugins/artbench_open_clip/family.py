"""Names of open_clip's models, with and without the tag of weights: `open_clip:ViT-B-32.laion2b_s34b_b79k`."""

from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from artbench.errors import ArtbenchError
from artbench.specs import BackboneSpec

if TYPE_CHECKING:
    from artbench.encoders import Backbone

PREFIX = "open_clip:"


def resolve(name: str) -> BackboneSpec | None:
    """Return the backbone `open_clip:MODEL` or `open_clip:MODEL.TAG`, if open_clip has it; None for other names.

    Raises:
        ArtbenchError: open_clip is not installed.
    """
    if not name.startswith(PREFIX):
        return None
    if not _installed():
        raise ArtbenchError(f"{name} needs open_clip, which is not installed", mend='pip install "artbench[text]"')
    model, has_tag, tag = name.removeprefix(PREFIX).partition(".")
    return BackboneSpec(
        name=name,
        description=f"{model} of open_clip" + (f" for the weights {tag}" if has_tag else ""),
        factory=partial(_build, model, tag),
        text="artbench_open_clip.backbone:text_side",
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


def _build(model: str, tag: str) -> "Backbone":
    # It needs open_clip, which takes seconds to import.
    from artbench_open_clip.backbone import build

    return build(model, tag)


def _installed() -> bool:
    return find_spec("open_clip") is not None
