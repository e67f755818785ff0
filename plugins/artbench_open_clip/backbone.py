"""A network of open_clip: its pictures as a backbone, its texts in the same space."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

import open_clip
import torch
from torch.nn.functional import normalize

from artbench.encoders import Backbone, TextSide
from artbench.errors import ArtbenchError
from artbench_open_clip.corpora import corpus_of
from artbench_open_clip.published import fetch, file_of, line

# The published CLIP's, which open_clip takes too where a model says nothing else.
_MEAN, _STD = open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD


class Joint(torch.nn.Module):
    """A network of open_clip, under its own names, whose forward pass is that of pictures alone.

    Made by `joint`.
    """

    model_name: str
    encode_image: Callable[[torch.Tensor], torch.Tensor]
    encode_text: Callable[[torch.Tensor], torch.Tensor]
    logit_scale: torch.Tensor

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images (n, 3, height, width) to vectors of the space of texts (n, d), as the network projects them."""
        return self.encode_image(images)


def joint(network: torch.nn.Module, model: str) -> Joint:
    """Return a network of open_clip, changed in place, as one that takes pictures.

    Args:
        network: Its text decoder, which writes captions and which neither pictures nor texts go through, is dropped.
        model: open_clip's name of it.
    """
    if hasattr(network, "text_decoder"):
        del network.text_decoder
    network.__class__ = type("Joint", (Joint, type(network)), {})
    assert isinstance(network, Joint)
    network.model_name = model
    return network


def build(model: str, tag: str) -> Backbone:
    """Build the model at its initialisation; its features are its pictures' vectors, pooled and projected by itself.

    Args:
        model: open_clip's name.
        tag: Tag of the published weights that it is built for; empty: for no published ones.

    Raises:
        ArtbenchError: open_clip can't build it.
    """
    published = dict(open_clip.get_pretrained_cfg(model, tag)) if tag else {}
    create = partial(created, model, quick_gelu=bool(published.get("quick_gelu")))
    module = joint(create(), model).eval()
    side = _side(module, model)
    with torch.inference_mode():
        width = module(torch.zeros(1, 3, side, side)).shape[1]
    wanted = frozenset(module.state_dict())
    return Backbone(
        name=f"open_clip:{model}.{tag}" if tag else f"open_clip:{model}",
        module=module,
        feature_dim=int(width),
        mean=_channels(published.get("mean", _MEAN)),
        std=_channels(published.get("std", _STD)),
        input_size=side,
        published={"published": partial(fetch, model, tag, wanted, create)} if tag else {},
        files={"published": partial(file_of, model, tag)} if tag else {},
        corpora={"published": corpus_of(model, tag)} if tag else {},
    )


def created(model: str, *, quick_gelu: bool) -> torch.nn.Module:
    """Create a model of open_clip at its initialisation, from no network.

    Args:
        model: open_clip's name.
        quick_gelu: Whether its weights were trained with QuickGELU, whatever the model's own settings say.

    Raises:
        ArtbenchError: open_clip can't, as it can't without `transformers` where the text tower is of that library.
    """
    try:
        with _quietly():
            # Where sizes are counted, the default device is one without memory.
            device = torch.get_default_device()
            made = open_clip.create_model(model, device=device, force_quick_gelu=quick_gelu, pretrained_text=False)
            return cast("torch.nn.Module", made)
    except (RuntimeError, ImportError, OSError, ValueError, TypeError, AttributeError, AssertionError) as error:
        raise ArtbenchError(
            f"open_clip can't build {model} ({line(error)})",
            mend="Where its text tower is of the library transformers: pip install transformers",
        ) from error


def text_side(module: torch.nn.Module) -> TextSide:
    """Return tokeniser and text tower of a network that `build` made.

    Raises:
        ArtbenchError: Its tokeniser can't be had.
    """
    assert isinstance(module, Joint)
    try:
        with _quietly():
            tokenizer = open_clip.get_tokenizer(module.model_name)
    except Exception as error:
        raise ArtbenchError(
            f"the tokeniser of {module.model_name} can't be had ({line(error)})",
            mend="It is of the library transformers and comes from the hub: pip install transformers, and run this "
            "once where there is a network",
        ) from error

    def embed(texts: Sequence[str]) -> torch.Tensor:
        tokens = _tokens(tokenizer, texts, module.model_name)
        # What scales them is there too, in the network's own way of comparing.
        return normalize(module.encode_text(tokens.to(module.logit_scale.device)), dim=-1)

    return TextSide(embed=embed, scale=float(module.logit_scale.detach().exp()))


def _tokens(tokenizer: Any, texts: Sequence[str], model: str) -> torch.Tensor:
    """Return the tokens of texts, int64, shape (n, length); a text that would be cut off is an error."""
    length = int(tokenizer.context_length)
    # With room for one more token: none is cut off unless this one is taken.
    longer = tokenizer(list(texts), context_length=length + 1)
    padding = getattr(getattr(tokenizer, "tokenizer", None), "pad_token_id", 0) or 0
    for text, last in zip(texts, longer[:, -1].tolist(), strict=True):
        if last != padding:
            raise ArtbenchError(
                f"a text is longer than the {length} tokens that {model} takes: {text[:60]!r}…", mend="Shorten it"
            )
    return cast("torch.Tensor", tokenizer(list(texts)))


def _side(module: Joint, model: str) -> int:
    size = getattr(module.get_submodule("visual"), "image_size", None)
    height, width = size if isinstance(size, (tuple, list)) else (size, size)
    if not isinstance(height, int) or height != width:
        raise ArtbenchError(f"{model} takes images of {height} x {width} pixels, not square ones")
    return height


def _channels(values: Sequence[float]) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values)
    return red, green, blue


@contextmanager
def _quietly() -> Iterator[None]:
    """Silence what open_clip logs at the root, such as that a network without weights has none."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
