"""Every check of a pretraining that gives weights, with one that fails it."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from artbench.encoders.backbone import Backbone
from artbench.encoders.weights import Weights
from artbench.errors import ArtbenchError
from artbench.specs import PretrainingSpec
from artbench.testing import ContractError, check_pretraining, examine_pretraining

_COUNTER = itertools.count()


def halved(backbone: Backbone) -> Weights:
    state = {name: tensor / 2 for name, tensor in backbone.module.state_dict().items()}
    return Weights(state=state, source="the initialisation, halved")


def given(**other: Any) -> dict[str, Any]:
    return {"weights": lambda backbone: replace(halved(backbone), **other), "seeded": True}


def state(change: Callable[[str, torch.Tensor], Any]) -> dict[str, Any]:
    def weights(backbone: Backbone) -> Weights:
        changed = {name: change(name, tensor) for name, tensor in backbone.module.state_dict().items()}
        return Weights(state={name: value for name, value in changed.items() if value is not None}, source="mine")

    return {"weights": weights, "seeded": True}


def raising(backbone: Backbone) -> Weights:
    raise KeyError(backbone.name)


def printing(backbone: Backbone) -> Weights:
    print("downloading")
    return halved(backbone)


WEIGHTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "not importable": ({"weights": "no.such.module:weights"}, "weights", "can't be loaded"),
    "raises": ({"weights": raising}, "weights", "Raise ArtbenchError"),
    "a state dict": ({"weights": lambda backbone: backbone.module.state_dict()}, "weights", "not Weights"),
    "lists": (state(lambda name, tensor: tensor.tolist()), "state", "Give a state dict"),
    "one is missing": (
        state(lambda name, tensor: None if name == "0.weight" else tensor),
        "load",
        "0.weight (missing)",
    ),
    "other shape": (state(lambda name, tensor: tensor[..., None]), "load", "module.state_dict()"),
    "nan": (state(lambda name, tensor: tensor * float("nan")), "load", "NaN"),
    "no source": (given(source=""), "source", "in one line"),
    "local source": (given(source="/home/anna/weights.pth"), "source", "local folder"),
    "local drive": (given(source="from C:\\weights.pth"), "source", "local folder"),
    "255": (given(mean=(123.7, 116.3, 103.5)), "preprocessing", "Divide mean by 255"),
    "unstable": (state(lambda name, tensor: tensor + next(_COUNTER)), "digest", "global generator"),
    "seed not said": ({**given(), "seeded": False}, "seed", "seeded=True"),
    "prints": ({"weights": printing, "seeded": True}, "stdout", "logging"),
}


@pytest.mark.parametrize(("change", "check", "words"), WEIGHTS.values(), ids=WEIGHTS)
def test_a_pretraining_that_breaks_the_contract_is_told_what_to_change(
    change: dict[str, Any], check: str, words: str
) -> None:
    spec = PretrainingSpec(name="mine", description="Breaks the contract.", **change)
    with pytest.raises(ContractError, match="pretraining mine breaks the contract") as raised:
        check_pretraining(spec)
    failed = [str(finding) for finding in raised.value.findings if finding.name == check]
    assert any(words in text for text in failed), str(raised.value)
    assert all(finding.mend for finding in raised.value.findings)


def test_every_check_has_a_violator() -> None:
    found = examine_pretraining(PretrainingSpec(name="mine", description="Sound.", **given()))
    assert [str(finding) for finding in found if finding.status != "PASS"] == []
    assert {finding.name for finding in found} <= {check for _, check, _ in WEIGHTS.values()}


@pytest.mark.parametrize(
    ("change", "check", "words"),
    [
        (
            state(lambda name, tensor: tensor)
            | {"weights": lambda b: replace(halved(b), state={**halved(b).state, "fc.weight": torch.ones(2)})},
            "state",
            "do not belong to tiny",
        ),
        (
            {
                "weights": lambda b: Weights(
                    state={k: torch.ones_like(v) for k, v in b.module.state_dict().items()}, source="ones"
                ),
                "seeded": True,
            },
            "seed",
            "seeded=False",
        ),
    ],
)
def test_what_works_but_will_trip_users_is_remarked_on(change: dict[str, Any], check: str, words: str) -> None:
    found = examine_pretraining(PretrainingSpec(name="mine", description="Works.", **change))
    (finding,) = [finding for finding in found if finding.status != "PASS"]
    assert (finding.name, finding.status) == (check, "WARN")
    assert words in str(finding)


def test_a_backbone_that_there_are_no_weights_for_is_no_fault_and_nothing_passes() -> None:
    with pytest.raises(ArtbenchError, match=r"no weights for the backbone tiny.*backbone="):
        check_pretraining("imagenet")
