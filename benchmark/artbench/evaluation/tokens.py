"""The tokens of a run, for protocols whose probe sees them."""

import numpy as np

from artbench.data.dataset import Dataset
from artbench.encoders.encoder import Encoder
from artbench.evaluation.request import RunRequest
from artbench.features.extract import Features
from artbench.features.extract_tokens import extract_tokens
from artbench.features.tokens import TokenRows, TokenSource
from artbench.probe.features import Rows
from artbench.runtime.progress import Reporter


def read_tokens(
    request: RunRequest, encoder: Encoder, dataset: Dataset, features: Features, *, device: str, reporter: Reporter
) -> TokenSource | None:
    """Return the tokens of the images that have features, computed as these are; None if the probe sees none.

    Raises:
        ArtbenchError: As `extract_tokens` does.
    """
    if not request.sees_tokens:
        return None
    return extract_tokens(
        encoder,
        dataset,
        features,
        device=device,
        **request.extracting,
        store=request.store_tokens,
        reporter=reporter,
    )


def token_rows(tokens: TokenSource, rows: Rows) -> TokenRows:
    """Return the tokens of some rows of a dataset's matrix of features."""
    return TokenRows(tokens, np.arange(len(rows)) if rows.positions is None else rows.positions)
