"""What a record admits."""

from typing import Any

import pytest
from pydantic import ValidationError

from artbench.records.record import Record
from tests.support.records import record


def test_a_record_survives_being_written_and_read() -> None:
    first = record(0.8123)
    assert Record.model_validate(first.as_json()) == first
    assert first.as_json()["schema"] == 1


@pytest.mark.parametrize(
    "change",
    [
        {"metrics": {"accuracy": {"value": 1.2, "ci95": [0, 1]}}},
        {"metrics": {"accuracy": {"value": float("nan"), "ci95": [0, 1]}}},
        {"metrics": {"accuracy": {"value": 0.5, "ci95": [0.6, 0.4]}}},
        {"metrics": {"accuracy": {"value": 0.5, "ci95": [0.4, 1.1]}}},
        {"metrics": {"accuracy": {"value": -1, "ci95": [-2, 3], "unit": "years"}}},
        {"metrics": {"accuracy": {"value": 5, "ci95": [2, 9], "unit": "metres"}}},
        {"tables": {"other": {"sha256": "a" * 64, "rows": 1}}},
        {"primary_metric": "top5_accuracy"},
        {"protocol_hash": "abc"},
        {"encoder": {"weights_sha256": "G" * 64}},
        {"task": "two\nlines"},
        {"task_version": 0},
        {"dataset": {"train": -1}},
        {"dataset": {"colour": "blue"}},
        {"provenance": {"created": "2026-01-02T03:04:05"}},
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        record(**change)


def test_the_id_tells_what_was_measured_and_not_what_came_out() -> None:
    assert record(0.1).id == record(0.9).id
    assert record(timing={"probe_s": 9.0}).id == record().id
    for change in (
        {"backbone": "resnet50"},
        {"pretraining": "imagenet"},
        {"task_version": 2},
        {"protocol_hash": "e" * 64},
        {"dataset": {"fingerprint": "e" * 64}},
        {"encoder": {"weights_sha256": "e" * 64}},
    ):
        assert record(**change).id != record().id, change


def test_only_what_is_no_fraction_says_its_unit() -> None:
    years = {"value": 74.4, "ci95": [70.0, 80.0], "unit": "years"}
    written = record(metrics={"mean_absolute_error": years}).as_json()["metrics"]
    assert written["mean_absolute_error"] == years
    assert written["accuracy"].keys() == {"value", "ci95"}
