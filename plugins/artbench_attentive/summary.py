"""Whether what an attentive probe is said to have chosen can be what it chooses."""

from collections.abc import Mapping
from dataclasses import asdict
from math import inf, isfinite
from typing import Any

from artbench_attentive.settings import grid, outputs_of

_FIELDS = ("rate", "decay", "epochs", "parameters", "tokens", "losses")
# Losses on record are rounded to six digits.
_ROUNDING = 1e-6


def check(summary: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    """Raise a ValueError that says why the probe of these settings can't have this summary."""
    if sorted(summary) != sorted(_FIELDS):
        raise ValueError(f"it does not have {', '.join(_FIELDS)}")
    tokens = summary["tokens"]
    if not isinstance(tokens, list) or len(tokens) != 2 or not all(map(_counts, (*tokens, summary["parameters"]))):
        raise ValueError("tokens and parameters are not numbers of them")
    own = {name: settings[name] for name in ("pooling", "queries")}
    outputs = outputs_of(summary["parameters"], width=tokens[1], **own)
    if outputs < 1 or outputs % 1:
        raise ValueError(f"a head on tokens of {tokens[1]:,} numbers does not have {summary['parameters']:,} weights")
    tried = [asdict(setting) for setting in grid(settings)]
    chosen = {name: summary[name] for name in ("rate", "decay", "epochs")}
    if chosen not in tried:
        raise ValueError("rate, decay and epochs are not of its grid")
    if not summary["losses"]:
        if chosen != tried[(len(tried) - 1) // 2]:
            raise ValueError("it can't have chosen without losses")
        return
    losses = _losses(summary["losses"], tried)
    least = losses[tried.index(chosen)]
    # Where all have diverged, the first counts.
    if least > min(losses) + _ROUNDING or (not isfinite(least) and tried.index(chosen)):
        raise ValueError("it did not choose the smallest loss")


def _losses(given: object, tried: list[dict[str, Any]]) -> list[float]:
    """Return the loss of each setting, infinity where it diverged."""
    if not isinstance(given, list) or not all(isinstance(one, dict) and "loss" in one for one in given):
        raise ValueError("losses are not those of settings")
    if [{name: value for name, value in one.items() if name != "loss"} for one in given] != tried:
        raise ValueError("losses are not those of its grid, in order")
    losses = [inf if one["loss"] is None else one["loss"] for one in given]
    if any(isinstance(one, bool) or not isinstance(one, int | float) or not one >= 0 for one in losses):
        raise ValueError("a loss is no number from 0 up")
    return losses


def _counts(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and number > 0
