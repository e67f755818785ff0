"""What a record holds of the probe that a plugin brought."""

import json
from typing import Annotated, Any

from pydantic import AfterValidator, Field, JsonValue

from artbench.records.fields import Count, Fraction, Name, Number, Part

# Characters of the longest summary, as JSON.
MOST_SUMMARY = 10_000


def _short(summary: dict[str, Any]) -> dict[str, Any]:
    try:
        length = len(json.dumps(summary, allow_nan=False))
        # Half of a pair of surrogates is in no file.
        json.dumps(summary, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise ValueError("the summary of the probe holds what JSON can't") from error
    if length > MOST_SUMMARY:
        raise ValueError(f"the summary of the probe has {length:,} characters, of at most {MOST_SUMMARY:,}")
    return summary


class OwnProbeState(Part):
    """A probe that a plugin brought, under a protocol of its own.

    Attributes:
        version: Version of the protocol.
        seed: Seed that it was fitted with.
        summary: What it says of itself; artbench knows of no meaning in it.
        validation: Every metric on images that were held out; empty if it did not answer to them.
        thresholds: Probability from which a label counts as predicted, by metric.
        groups: Number of groups, such as painters, that could be held out; None if single images were.
    """

    version: Annotated[int, Field(ge=1, le=10**15)]
    seed: Count
    summary: Annotated[dict[Name, JsonValue], AfterValidator(_short)] = Field(default_factory=dict)
    validation: dict[Name, Number] = Field(default_factory=dict)
    thresholds: dict[Name, Fraction] = Field(default_factory=dict)
    groups: Count | None = None


# Fields that records of earlier releases do not have.
_NOT_WRITTEN = ("own_probe", "prompts")


def without_own_probe(written: dict[str, Any]) -> dict[str, Any]:
    """Leave out that there is no such probe, and that there are no prompts, so that older versions read the record."""
    return {name: value for name, value in written.items() if name not in _NOT_WRITTEN or value is not None}
