"""What a record admits."""

from typing import Any

import pytest
from pydantic import ValidationError

from artbench.records.encoder_state import TrainingState
from artbench.records.record import Record
from tests.support.records import record

TRAINING = {
    "key": "a" * 64,
    "method": "moco-v2",
    "backbone": "resnet18",
    "seed": 0,
    "steps": 1,
    "images_seen": 1,
    "batch_norm": "batch",
    "dtype": "float32",
    "unreadable": 0,
    "plugins": {"artbench": "0.2.0"},
}


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
        {"metrics": {"accuracy": {"value": 5, "ci95": [2, 9], "unit": "many metres\n"}}},
        {"tables": {"other": {"sha256": "a" * 64, "rows": 1}}},
        {"primary_metric": "top5_accuracy"},
        {"protocol_hash": "abc"},
        {"encoder": {"weights_sha256": "G" * 64}},
        {"task": "two\nlines"},
        {"task_version": 0},
        {"dataset": {"train": -1}},
        {"dataset": {"colour": "blue"}},
        {"provenance": {"created": "2026-01-02T03:04:05"}},
        {"provenance": {"created": "0001-01-01T00:00:00+14:00"}},
        {"provenance": {"created": 1_700_000_000}},
        {"provenance": {"created": "1700000000"}},
        {"provenance": {"created": "9999-12-31T23:59:59-11:00"}},
        {"provenance": {"plugins": {"artbench": "x" * 101}}},
        {"provenance": {"plugins": {"artbench": "1\u202e"}}},
        {"timing": {"images_per_s": 1.5e308}},
        {"timing": {"extract_s": float("inf")}},
        {"timing": {"extraction": {"device_s": -1}}},
        {"timing": {"extraction": {"memory_bytes": 5, "memory_by": "VmHWM"}}},
        {"timing": {"extraction": {"device_s": 1, "memory_bytes": 5}}},
        {"timing": {"extraction": {"device_s": 1, "memory_bytes": 10**16, "memory_by": "VmHWM"}}},
        {"timing": {"probe": {"device_s": 1, "energy_j": 5}}},
        {"timing": {"probe": {"device_s": 1, "energy_by": "rapl"}}},
        {"timing": {"probe": {"device_s": 1, "energy_j": float("nan"), "energy_by": "rapl"}}},
        {"timing": {"probe": {"device_s": 1, "energy_j": 5, "energy_by": "a socket"}}},
        {"metrics": {"accuracy": {"value": 1e16, "ci95": [0, 1e16], "unit": "years"}}},
        {"probe": {"l2": 1e-300}},
        {"probe": {"grid": [float("nan")]}},
        {"probe": {"grid_losses": [1e300]}},
        {"neighbours": {"temperature": 1e300}},
        {"task_version": 10**300},
        {"backbone": "resnet\u200c18"},
        {"backbone": "resnet\u3164"},
        {"backbone": "resnet\u00a018"},
        {"backbone": "resnet\ufe0f18"},
        {"backbone": "\u2800"},
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        record(**change)


@pytest.mark.parametrize("name", ["نقاشی\u200cها", "👩\u200d🎨", "❤\ufe0f", "क्\u200dष", "Œuvres d'été"])
def test_names_are_spelled_as_their_scripts_are(name: str) -> None:
    assert record(task=name).task == name


def test_settings_of_a_training_are_finite() -> None:
    with pytest.raises(ValidationError):
        TrainingState.model_validate(TRAINING | {"settings": {"temperature": float("nan")}})
    TrainingState.model_validate(TRAINING | {"settings": {"temperature": 0.2, "schedule": [120, 160], "head": None}})


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


def test_a_record_from_before_has_no_resources_and_they_are_kept() -> None:
    assert record().timing.extraction is None
    used = {"device_s": 3.0, "memory_bytes": 2, "memory_by": "cuda", "reserved_bytes": 4, "energy_j": 5.5}
    with_them = record(timing={"extraction": used | {"energy_by": "nvml"}})
    assert with_them.id == record().id
    assert type(with_them).model_validate(with_them.as_json()) == with_them


def test_only_what_is_no_fraction_says_its_unit() -> None:
    years = {"value": 74.4, "ci95": [70.0, 80.0], "unit": "years"}
    written = record(metrics={"mean_absolute_error": years}).as_json()["metrics"]
    assert written["mean_absolute_error"] == years
    assert written["accuracy"].keys() == {"value", "ci95"}
