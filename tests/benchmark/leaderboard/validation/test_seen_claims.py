"""What a record says of the images that its encoder has seen must be possible."""

from datetime import UTC, datetime
from typing import Any

import pytest

from artbench.leaderboard.validation.fields import check_fields
from artbench.leaderboard.validation.findings import FileFindings
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
