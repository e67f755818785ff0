"""What is known of the images that the encoder of a record was trained on."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import get_args

from artbench.records.encoder_state import Knowledge
from artbench.records.record import Record
from artbench.specs import INITIALISATION

_IN_WORDS: Mapping[str, str] = {
    "clean": "known not to have been trained on test images (clean)",
    "unknown": "of which it is unknown whether they were trained on test images",
    "contaminated": "known to have been trained on test images (contaminated)",
}


def is_reference(record: Record) -> bool:
    """Return whether the encoder of a record has learnt nothing, so that the row is there for comparison."""
    return record.encoder.source == INITIALISATION or not record.encoder.parameters


def knowledge(record: Record) -> Knowledge:
    """Whether the test images of a record were among the training images: `clean`, `unknown` or `contaminated`.

    Records of artbench 0.1 do not say so themselves; their pool does, or that their encoder has learnt nothing.
    """
    encoder = record.encoder
    if encoder.seen is not None:
        return encoder.seen.state
    if encoder.pool is not None:
        return encoder.pool.knowledge(record.dataset.name)
    return "clean" if encoder.training is None and is_reference(record) else "unknown"


def seen_as(records: Iterable[Record], states: Collection[str]) -> list[Record]:
    """The records whose test images are known to be one of `states`; all if there are none."""
    return [record for record in records if not states or knowledge(record) in states]


def kept(states: Collection[str]) -> str:
    """Say in words for a paper that only the records of `seen_as` are shown, without a full stop."""
    return f"Only encoders {' or '.join(_IN_WORDS[state] for state in states)} are shown"


def none_seen_as(states: Collection[str], records: Iterable[Record]) -> str:
    """Say that none of the records, which are others, is of the wanted states, and how many are of which."""
    found = Counter(map(knowledge, records))
    others = ", ".join(f"{found[state]:,} {state}" for state in get_args(Knowledge) if found[state])
    return f"no records with --seen {' or '.join(states)}" + (f" (there are {others})" if others else "")
