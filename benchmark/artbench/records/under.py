"""The protocol that a record was made under, with what its task added to it."""

from artbench.protocol import Protocol, protocol_named
from artbench.records.record import Record


def protocol_under(record: Record) -> Protocol | None:
    """Return the protocol that a record names, with the record's prompts; None if there is none of its name here.

    It is the record's own only if the hash is the same.
    """
    protocol = protocol_named(record.protocol)
    if protocol is None or protocol.zero_shot is None or record.prompts is None:
        return protocol
    return protocol.with_prompts(record.prompts.sha256)
