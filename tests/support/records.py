"""Records for tests, valid unless a test changes them."""

from datetime import UTC, datetime
from typing import Any

from artbench.records.record import Record


def record(value: float = 0.5, **changes: Any) -> Record:
    """A record whose accuracy is `value`, with any field replaced."""
    content: dict[str, Any] = {
        "schema": 1,
        "task": "toy-style",
        "task_version": 1,
        "backbone": "resnet18",
        "pretraining": "random",
        "protocol": "linear-v1",
        "protocol_hash": "a" * 64,
        "dataset": {
            "name": "toy",
            "fingerprint": "b" * 64,
            "train": 100,
            "test": 40,
            "classes": 4,
            "missing": 0,
            "unreadable": 0,
        },
        "primary_metric": "accuracy",
        "metrics": {
            "accuracy": {"value": value, "ci95": [max(0, value - 0.1), min(1, value + 0.1)]},
            "macro_f1": {"value": value, "ci95": [max(0, value - 0.1), min(1, value + 0.1)]},
        },
        "encoder": {
            "weights_sha256": "c" * 64,
            "source": "initialisation, seed 0",
            "parameters": 11_176_512,
            "feature_dim": 512,
            "input_size": 244,
        },
        "probe": {
            "name": "logistic",
            "l2": 0.01,
            "grid": [0.01, 0.1],
            "grid_losses": [0.9, None],
            "validation": {"accuracy": value},
            "validation_accuracy": value,
            "converged": True,
        },
        "neighbours": {
            "k": 20,
            "temperature": 0.07,
            "metrics": {"accuracy": {"value": value, "ci95": [value, value]}},
        },
        "predictions": {"sha256": "d" * 64, "rows": 40},
        "timing": {"extract_s": 1.5, "images_per_s": 93.3, "probe_s": 0.2},
        "provenance": {
            "artbench": "0.1.0",
            "torch": "2.4.0",
            "timm": "1.0.9",
            "python": "3.11.7",
            "device": "cpu",
            "hardware": "a CPU, 2 cores",
            "dtype": "float32",
            "plugins": {"artbench": "0.1.0"},
            "seed": 0,
            "created": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).isoformat(),
        },
    }
    for key, change in changes.items():
        content[key] = content.get(key, {}) | change if isinstance(change, dict) else change
    return Record.model_validate(content)
