"""The tokens of a dataset's images: from the pictures as they are asked for, or extracted into the store."""

from pathlib import Path
from typing import Literal

import numpy as np
import torch

from artbench.data.contents import Contents
from artbench.data.dataset import Dataset
from artbench.encoders.encoder import Encoder
from artbench.encoders.tokens import token_encoder
from artbench.errors import ArtbenchError
from artbench.features.extract import Features, extract, extraction_of
from artbench.features.tokens import ComputedTokens, StoredTokens, TokenSource, gone, kept_if_small
from artbench.protocol import Preprocessing
from artbench.runtime.machine import choose_device
from artbench.runtime.progress import Reporter


def extract_tokens(
    encoder: Encoder,
    dataset: Dataset,
    features: Features,
    *,
    picture: Preprocessing,
    cache: Path,
    device: str = "auto",
    batch_size: int | None = None,
    workers: int | None = None,
    fresh: bool = False,
    compiled: bool = False,
    dtype: torch.dtype | None = None,
    decoder: Literal["cpu", "gpu"] = "cpu",
    store: bool = False,
    reporter: Reporter,
) -> TokenSource:
    """Return the tokens of the images that have features.

    They are computed from the pictures in each pass over them, which memory does not grow with; if they take little
    of it, they are kept there after the first. The other arguments are those of `extract`.

    Args:
        encoder: The encoder, at its layer.
        dataset: Dataset of the images.
        features: The encoder's pooled features of the images.
        picture: Preprocessing of the images.
        cache: Folder of all feature stores.
        device: `auto`, `cpu`, `cuda`, or `mps`.
        batch_size: Images per forward pass; None: the device's default.
        workers: Threads that decode; None: one per core.
        fresh: Extract stored tokens again.
        compiled: Compile the network with `torch.compile` first.
        dtype: Number type of the forward pass; None: the fastest of the device that is precise enough.
        decoder: `gpu`: plain JPEGs are decoded by the CUDA device.
        store: Extract them once into the store, in float16, whose size is told before it begins.
        reporter: Receives progress and notices.

    Raises:
        UsageError: The network has no tokens.
        ArtbenchError: As `extract`; or, while tokens are read, a picture has changed since.
    """
    found = token_encoder(encoder, picture=picture)
    shape = (found.tokens, found.width)
    if not store:
        extraction = extraction_of(
            found.encoder,
            dataset,
            Contents(dataset, cache),
            picture=picture,
            device=choose_device(device),
            batch_size=batch_size,
            workers=workers,
            compiled=compiled,
            dtype=dtype,
            decoder=decoder,
        )
        computed = ComputedTokens(extraction=extraction, shape=shape, features=features, reporter=reporter)
        return kept_if_small(computed, features.rows)
    reporter.notice(f"Tokens of {dataset.name} by {encoder.backbone}: {_size(len(features.rows), shape)} in {cache}")
    (stored,) = extract(
        [found.encoder],
        dataset,
        features.rows,
        picture=picture,
        cache=cache,
        device=device,
        batch_size=batch_size,
        workers=workers,
        fresh=fresh,
        compiled=compiled,
        dtype=dtype,
        decoder=decoder,
        stored="float16",
        reporter=reporter,
    )
    lost = np.setdiff1d(features.rows, stored.rows)
    if len(lost):
        raise ArtbenchError(
            f"{dataset.ids[lost[0]]} {gone(stored.unreadable.get(int(lost[0])))} since its features were extracted",
            mend="Leave the pictures alone while a run reads them, and run again",
        )
    return StoredTokens(features=stored, shape=shape)


def _size(images: int, shape: tuple[int, int]) -> str:
    tokens, width = shape
    return f"{images:,} images x {tokens:,} tokens x {width:,} in float16, {2 * images * tokens * width / 1e6:,.1f} MB"
