"""What a training leaves in its folder."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file


def weights(out: Path) -> dict[str, torch.Tensor]:
    return load_file(out / "encoder.safetensors")


def state(out: Path, step: int) -> dict[str, torch.Tensor]:
    return load_file(out / "checkpoints" / f"step-{step:09}.safetensors")


def assert_same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    assert [name for name in one if not torch.equal(one[name], other[name])] == []


def restate(out: Path, step: int, change: Callable[[dict[str, Any]], None]) -> None:
    """Change what the checkpoint of a step says about itself."""
    file = out / "checkpoints" / f"step-{step:09}.safetensors"
    with safe_open(file, "pt") as opened:
        facts = json.loads(opened.metadata()["artbench.training"])
    change(facts)
    save_file(load_file(file), file, {"artbench.training": json.dumps(facts)})


def log(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
