"""What a record says of the images that its encoder has seen must be possible."""

from datetime import UTC, datetime
from typing import Any

import pytest

from artbench.evaluation.sizes import sizes_known_to
from artbench.leaderboard.validation.fields import check_fields
from artbench.leaderboard.validation.findings import FileFindings
from artbench.leaderboard.validation.sizes import check_sizes
from artbench.plugins.loading import load_plugins
from artbench.runtime.findings import Finding
from tests.support.records import record

TRAINED = {"source": "timm/resnet18.a1_in1k"}
FILE = {"source": "moco.pth", "checkpoint_sha256": "e" * 64}
POOL = {"sha256": "a" * 64, "images": 9, "datasets": {"toy": 9}}


def _faults(state: str, **encoder: Any) -> list[str]:
    found: list[Finding] = []
    seen = {"corpus": "web", "state": state, "evidence": "a claim"}
    one = record(encoder={**encoder, "seen": seen})
    check_fields(one, "single-label", now=datetime(2027, 1, 1, tzinfo=UTC), about=FileFindings("a.json", found))
    return [finding.message for finding in found if "encoder.seen" in finding.message and finding.status == "FAIL"]


@pytest.mark.parametrize(
    ("encoder", "possible"),
    [
        (TRAINED, {"clean", "unknown", "contaminated"}),
        ({"source": "initialisation"}, {"clean"}),
        (FILE, {"unknown", "contaminated"}),
        (FILE | {"parameters": 0}, {"clean", "unknown", "contaminated"}),
        (TRAINED | {"pool": POOL | {"test_images": 0}}, {"clean"}),
        (FILE | {"pool": POOL | {"test_images": 3}}, {"contaminated"}),
        (FILE | {"pool": POOL | {"test_images": None}}, {"unknown"}),
        (FILE | {"pool": POOL | {"datasets": {"other": 9}, "test_images": 0}}, {"unknown"}),
    ],
)
def test_a_claim_that_the_rest_of_the_record_contradicts_is_refused(
    encoder: dict[str, Any], possible: set[str]
) -> None:
    assert {state for state in ("clean", "unknown", "contaminated") if not _faults(state, **encoder)} == possible


def test_the_reason_is_given() -> None:
    (fault,) = _faults("clean", **FILE, pool=POOL | {"test_images": 3})
    assert fault == "encoder.seen can't be clean: by encoder.pool it is contaminated"


def _of_published(pretraining: str, **encoder: Any) -> list[str]:
    """Faults of a record of timm's tf_efficientnet_lite0, as the registry has it."""
    found: list[Finding] = []
    counted = {"parameters": 3_371_008, "feature_dim": 1280, "input_size": 244}
    one = record(
        backbone="tf_efficientnet_lite0",
        pretraining=pretraining,
        encoder={"layer": 1, "pooling": "avg", **counted, **encoder},
    )
    check_sizes(one, sizes_known_to(load_plugins(only=""))(one), FileFindings("a.json", found))
    return [finding.message for finding in found if finding.status == "FAIL"]


def _seen(corpus: str, state: str) -> dict[str, str]:
    return {"corpus": corpus, "state": state, "evidence": "a claim"}


def test_weights_are_of_the_corpus_that_the_registry_has() -> None:
    # The dataset of these records is one that nobody has looked at for ImageNet.
    assert _of_published("imagenet", seen=_seen("ImageNet-1k", "unknown")) == []
    assert _of_published("imagenet", seen=_seen("ImageNet-1k", "contaminated")) == []
    assert _of_published("imagenet") == []
    here = "imagenet weights of tf_efficientnet_lite0 are of ImageNet-1k, unknown"
    for seen in (_seen("ImageNet-1k", "clean"), _seen("none", "unknown")):
        (fault,) = _of_published("imagenet", seen=seen)
        assert fault == f"encoder.seen says {seen['corpus']}, {seen['state']}; {here}"


def test_weights_from_a_file_may_have_seen_something_else() -> None:
    assert _of_published("imagenet", seen=_seen("my paintings", "unknown"), checkpoint_sha256="e" * 64) == []


def test_a_pretraining_that_nobody_registers_needs_a_checkpoint() -> None:
    assert _of_published("mine", checkpoint_sha256="e" * 64) == []
    (fault,) = _of_published("mine")
    assert fault == "no pretraining is called 'mine', and the record names no checkpoint"
