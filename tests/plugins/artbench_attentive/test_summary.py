"""A summary says what the probe chose from and how, so that one that it can't have is known."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict
from typing import Any

import pytest

from artbench.plugins.known import known_protocols
from artbench_attentive.head import HEADS
from artbench_attentive.settings import grid, outputs_of
from artbench_attentive.summary import check

SETTINGS = dict(known_protocols()["attentive-v1"].settings)
TRIED = [asdict(setting) for setting in grid(SETTINGS)]
PARAMETERS = sum(weight.numel() for weight in HEADS["efficient"](width=8, outputs=3, queries=32).parameters())
LOSSES = [{**setting, "loss": 1.0 + (number != 5)} for number, setting in enumerate(TRIED)]
HONEST = {**TRIED[5], "parameters": PARAMETERS, "tokens": [16, 8], "losses": LOSSES}


def test_what_it_writes_can_be() -> None:
    check(HONEST, SETTINGS)
    # Nothing to choose on, or nothing that did not diverge.
    check({**HONEST, **TRIED[7], "losses": []}, SETTINGS)
    check({**HONEST, **TRIED[0], "losses": [{**one, "loss": None} for one in TRIED]}, SETTINGS)


def _change(**changes: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda summary: summary.update(changes)


def _loss(number: int, loss: object) -> Callable[[dict[str, Any]], Any]:
    return lambda summary: summary["losses"][number].update(loss=loss)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_change(note="best"), "it does not have rate"),
        (_change(rate=0.5), "not of its grid"),
        (_change(epochs="40"), "not of its grid"),
        (_change(**TRIED[4]), "did not choose the smallest loss"),
        (_change(losses=[]), "can't have chosen without losses"),
        (_change(losses=LOSSES[:3]), "not those of its grid"),
        (_change(losses=[1.0] * 16), "not those of settings"),
        (_change(tokens=[16]), "are not numbers of them"),
        (_change(tokens=[16, True]), "are not numbers of them"),
        (_change(tokens=[16, 10**15]), "does not have"),
        (_change(parameters=PARAMETERS + 1), "does not have"),
        (_loss(5, 1.5), None),
        (_loss(5, 2.5), "did not choose the smallest loss"),
        (_loss(5, None), "did not choose the smallest loss"),
        (_loss(2, -1.0), "a loss is no number from 0 up"),
        (_loss(2, "0.1"), "a loss is no number from 0 up"),
        (_loss(2, float("nan")), "a loss is no number from 0 up"),
    ],
)
def test_what_it_can_not_have_written_is_told(change: Callable[[dict[str, Any]], Any], said: str | None) -> None:
    summary = deepcopy(HONEST)
    change(summary)
    if said is None:
        check(summary, SETTINGS)
        return
    with pytest.raises(ValueError, match=said):
        check(summary, SETTINGS)


@pytest.mark.parametrize("pooling", ["efficient", "aim"])
@pytest.mark.parametrize("width", [8, 100, 192])
def test_weights_are_counted_as_the_heads_have_them(pooling: str, width: int) -> None:
    for outputs in (1, 7):
        head = HEADS[pooling](width=width, outputs=outputs, queries=12)
        count = sum(weight.numel() for weight in head.parameters())
        assert outputs_of(count, pooling=pooling, width=width, queries=12) == outputs
