"""What goes on record of the images that an encoder has seen."""

from dataclasses import replace

import pytest
import torch

from artbench.encoders import Corpus
from artbench.encoders.encoder import Encoder
from artbench.evaluation.seen import what_was_seen
from artbench.records.encoder_state import PoolState
from artbench.specs import INITIALISATION

WEB = Corpus(name="web", state="contaminated", evidence="an audit", datasets={"drawn": ("clean", "drawn by code")})
ENCODER = Encoder(
    backbone="toy",
    pretraining="given",
    module=torch.nn.Identity(),
    feature_dim=3,
    mean=(0, 0, 0),
    std=(1, 1, 1),
    input_size=None,
    weights_sha256="a" * 64,
    source="weights.pth",
    parameters=9,
)


def _pool(test_images: int | None, *datasets: str) -> PoolState:
    return PoolState(
        sha256="a" * 64, images=9 * len(datasets), datasets=dict.fromkeys(datasets, 9), test_images=test_images
    )


def test_weights_that_were_never_trained_have_seen_nothing() -> None:
    for untrained in (replace(ENCODER, source=INITIALISATION), replace(ENCODER, parameters=0)):
        assert what_was_seen(untrained, None, dataset="toy").state == "clean"


def test_a_file_without_a_manifest_is_unknown() -> None:
    seen = what_was_seen(ENCODER, None, dataset="toy")
    assert (seen.corpus, seen.state) == ("not stated", "unknown")


def test_a_statement_of_the_source_is_about_the_dataset() -> None:
    stated = replace(ENCODER, corpus=WEB)
    assert what_was_seen(stated, None, dataset="toy").state == "contaminated"
    assert what_was_seen(stated, None, dataset="drawn").state == "clean"
    # Images that are made of those of another dataset were seen where those were.
    assert what_was_seen(stated, None, dataset="drawn", of="toy").state == "contaminated"


@pytest.mark.parametrize(
    ("pool", "state", "words"),
    [
        (_pool(0, "toy"), "clean", "no test image"),
        (_pool(3, "toy", "other"), "contaminated", "3 test images"),
        (_pool(None, "toy"), "unknown", "not on hand"),
        # Another dataset may hold the same works under other ids, as ArtBench-10 holds works of WikiArt.
        (_pool(0, "toy", "other"), "unknown", "images of other, not compared with those of toy"),
    ],
)
def test_a_pools_manifest_counts_before_what_the_source_states(pool: PoolState, state: str, words: str) -> None:
    seen = what_was_seen(replace(ENCODER, corpus=WEB), pool, dataset="toy")
    assert seen.state == state
    assert words in seen.evidence
    assert seen.corpus.startswith("a pool of ")
