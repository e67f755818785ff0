"""A record that must be read with care says so, beside its row and below the table."""

from typing import Any

import pytest

from artbench.leaderboard.board import boards
from artbench.leaderboard.markdown import task_page
from artbench.leaderboard.notes import marks
from tests.support.records import record

SEEN = {"corpus": "web", "state": "unknown", "evidence": "images of the web"}
POOL = {"sha256": "a" * 64, "images": 9, "datasets": {"toy": 9}}
PROBE = {"converged": False}


@pytest.mark.parametrize(
    ("changes", "sign", "words"),
    [
        ({"encoder": {"pool": {**POOL, "test_images": 3}}}, "†", "pretrained on 3 of the 40 test images"),
        ({"encoder": {"pool": {**POOL, "test_images": None}}}, "‡", "was not available"),
        ({"encoder": {"seen": SEEN}}, "?", "may have seen test images, for it was trained on web: images of the web"),
        ({"encoder": {"seen": SEEN | {"corpus": "not stated"}}}, "?", "may have seen test images: images of the web"),
        ({"encoder": {"seen": SEEN | {"state": "contaminated"}}}, "†", "test images among them (images of the web)"),
        # One mark says it once.
        ({"encoder": {"seen": SEEN, "pool": {**POOL, "test_images": None}}}, "‡", "was not available"),
        ({"dataset": {"twins": {"test": 2, "tiers": ["hash"], "audit_sha256": "a" * 64}}}, "§", "2 test images have a"),
        ({"dataset": {"partial": True, "missing": 7}}, "¶", "7 images were missing"),
        ({"probe": PROBE}, "‖", "its probe did not meet"),
    ],
)
def test_each_reason_for_care_has_a_mark_and_a_footnote(changes: dict[str, Any], sign: str, words: str) -> None:
    careful, plain = record(**changes), record(0.4, backbone="plain")
    assert [mark.sign for mark in marks(careful)] == [sign]
    assert marks(plain) == []
    page = task_page(boards([careful, plain.model_copy(update={"dataset": careful.dataset})]))
    assert f"| resnet18{sign} |" in page
    (note,) = (line for line in page.splitlines() if line.startswith(f"- {sign}") and "resnet18" in line)
    assert words in note


def test_clean_weights_need_no_mark_and_neither_do_records_that_do_not_say() -> None:
    assert marks(record(encoder={"seen": SEEN | {"state": "clean"}})) == []
    assert marks(record(encoder={"source": "timm/resnet18.a1_in1k"})) == []


def test_a_clean_pool_needs_no_mark() -> None:
    assert marks(record(encoder={"pool": {**POOL, "test_images": 0}})) == []
