"""Texts as vectors of the space of an encoder's features."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.encoders.encoder import Encoder
from artbench.encoders.readout import own_place
from artbench.encoders.text import TextSide
from artbench.errors import ArtbenchError, UsageError, plugin_errors
from artbench.plugins.registry import Registry
from artbench.specs import BackboneSpec, load_factory

# Texts that go through a network at a time.
_BATCH = 64
# Networks with a text side that a message names.
_NAMED = 3


def text_side(encoder: Encoder, registry: Registry | None = None) -> TextSide:
    """Return the text side of an encoder, with its weights.

    Args:
        encoder: The encoder, wherever its module lies.
        registry: The loaded plugins, for the names of others in messages.

    Raises:
        UsageError: It has none, or its features are read where no text can be compared with them.
        ArtbenchError: It can't be made, or is not what its plugin states.
    """
    if encoder.text is None or encoder.network is None:
        raise without_text(encoder.backbone, registry)
    if encoder.place != own_place(encoder.network):
        raise UsageError(
            f"the features of {encoder.backbone} can't be compared with texts: they are not what its text side was "
            "trained with",
            mend="Leave layer and pool out of its name",
        )
    with plugin_errors(f"the text side of backbone {encoder.backbone}"):
        side = load_factory(encoder.text)(encoder.network.module)
        if not isinstance(side, TextSide):
            raise TypeError(f"its factory returns a {type(side).__name__}, not a TextSide")
    return side


def check_text(backbone: BackboneSpec, registry: Registry) -> None:
    """Raise unless a backbone has a text side that its features can be compared with, before it is built.

    Raises:
        UsageError: It sees pictures alone; the message names some that have a text side.
    """
    if backbone.text is None:
        raise without_text(backbone.name, registry)


def without_text(backbone: str, registry: Registry | None) -> UsageError:
    """The error for a backbone that sees pictures alone, where texts are needed."""
    named: list[str] = []
    if registry is not None:
        named += [spec.name for _, spec in registry.backbones.specs() if spec.text is not None]
        named += [name for _, family in registry.backbones.families() for name in family.with_text]
    others = ", ".join(named[:_NAMED])
    return UsageError(
        f"{backbone} has no text side: it sees pictures alone",
        mend=f"Backbones that have one: {others}" if others else "Name one that has",
    )


def embedded(side: TextSide, texts: Sequence[str], *, encoder: Encoder) -> NDArray[np.float32]:
    """Turn texts into vectors of length 1 that an encoder's features, scaled likewise, can be compared with.

    Args:
        side: Its text side.
        texts: n texts; the same text gives the same vector.
        encoder: The encoder.

    Returns:
        Float32, shape (n, feature_dim).

    Raises:
        ArtbenchError: A text is empty or too long, or the vectors are not what the plugin states.
    """
    if any(not text.strip() for text in texts):
        raise ArtbenchError("a text is empty, and nothing is like it", mend="Give words")
    name = f"the text side of backbone {encoder.backbone}"
    parts = []
    for start in range(0, len(texts), _BATCH):
        batch = list(texts[start : start + _BATCH])
        with plugin_errors(name), torch.inference_mode():
            found = side.embed(batch)
            if not isinstance(found, torch.Tensor) or not found.is_floating_point():
                raise TypeError(f"it gives a {type(found).__name__}, not a tensor of floats")
            if found.shape != (len(batch), encoder.feature_dim):
                shape = (len(batch), encoder.feature_dim)
                raise ValueError(f"it gives vectors of shape {tuple(found.shape)} for {len(batch)} texts, not {shape}")
            # Here too: a tensor without values, or not laid out in rows, fails now.
            parts.append(found.detach().to_dense().float().cpu())
    vectors = torch.cat(parts) if parts else torch.empty(0, encoder.feature_dim)
    lengths = torch.linalg.vector_norm(vectors, dim=1, keepdim=True)
    if not torch.isfinite(lengths).all() or (lengths == 0).any():
        raise ArtbenchError(
            f"{name} gives vectors with NaN, infinity or without length",
            mend="The network overflows on a text or its weights are damaged",
        )
    scaled: NDArray[np.float32] = (vectors / lengths).numpy()
    return scaled
