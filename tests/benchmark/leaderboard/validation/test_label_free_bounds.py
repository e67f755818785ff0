"""Label-free figures of submitted records: what can't be is a fault."""

from datetime import UTC, datetime
from typing import Any

import pytest

from artbench.leaderboard.validation.fields import check_fields
from artbench.leaderboard.validation.findings import FileFindings
from artbench.runtime.findings import Finding
from artbench.specs import TargetKind
from tests.benchmark.leaderboard.test_label_free_columns import FIGURES
from tests.support.records import record


def faults(target: TargetKind = "single-label", **changes: Any) -> list[str]:
    found: list[Finding] = []
    submitted = record(label_free=FIGURES | changes)
    check_fields(submitted, target, now=datetime(2027, 1, 1, tzinfo=UTC), about=FileFindings("it", found))
    return [finding.message for finding in found if "label_free" in finding.message]


def test_possible_figures_pass() -> None:
    assert faults() == []
    assert faults("year", clusters=None, ari=None, nmi=None, intrinsic_dimension=None) == []
    # RankMe of 39 equal singular values, with its epsilon.
    assert faults(rankme=39.01, effective_rank=0) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"of": 41, "images": 41}, "there are 40 test images"),
        ({"distinct": 0, "rankme": 0.0, "effective_rank": 0.0, "intrinsic_dimension": None}, "0 different vectors"),
        ({"images": 39}, "must be of 40 images, not 39"),
        ({"dimensions": 511}, "511 dimensions, the encoder 512"),
        ({"rankme": 40.0}, "label_free.rankme can't be 40"),
        ({"effective_rank": 0.5}, "label_free.effective_rank can't be 0.5"),
        ({"intrinsic_dimension": 0.0}, "label_free.intrinsic_dimension can't be 0"),
        ({"distinct": 19, "rankme": 2.0}, "label_free.intrinsic_dimension can't be 5.55 of 19"),
        ({"ari": None}, "go together"),
        ({"clusters": 5}, "5 clusters can't be one for each of the 4 classes"),
    ],
)
def test_what_cannot_be_is_a_fault(changes: dict[str, Any], told: str) -> None:
    (fault,) = faults(**changes)
    assert told in fault


def test_clusters_are_of_tasks_with_one_class_per_image() -> None:
    (fault,) = faults("multi-label")
    assert "labels of a multi-label task" in fault
