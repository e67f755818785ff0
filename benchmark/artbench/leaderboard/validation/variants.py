"""Whether a record read its features where the name of its backbone says, without building the backbone."""

from artbench.errors import UsageError
from artbench.leaderboard.validation.findings import RERUN, FileFindings
from artbench.protocol import Protocol
from artbench.records.record import Record
from artbench.specs.variants import WHOLE, Variant


def check_variant(record: Record, protocol: Protocol | None, about: FileFindings) -> None:
    """Compare layer, pooling and width of a record with the name of its backbone and with its protocol.

    A layer may be missing in records of `linear-v1` alone, which artbench 0.1 wrote without it.
    """
    plain, has_variant, written = record.backbone.partition("@")
    try:
        variant = Variant.parse(written) if has_variant else WHOLE
    except UsageError as error:
        about.fault(f"the backbone {record.backbone!r} is no variant: {error.message}", RERUN)
        return
    if has_variant and str(variant) != written:
        about.fault(f"the backbone {record.backbone!r} should be written {plain}@{variant}", RERUN)
    if protocol is not None and protocol.zero_shot is not None and (variant.get("layer") or variant.get("pool")):
        about.fault(f"the features of {record.backbone} can't be compared with texts", RERUN)
    given, layer = record.encoder, variant.get("layer") or 1
    unstated = given.layer is None and not has_variant and (protocol is None or protocol.intervals is None)
    if given.layer != layer and not unstated:
        about.fault(f"encoder.layer is {given.layer}, but {record.backbone} reads layer {layer}", RERUN)
    if variant.get("pool") not in (None, given.pooling):
        about.fault(f"encoder.pooling is {given.pooling}, but {record.backbone} pools otherwise", RERUN)
    _check_width(record, protocol, about)


def _check_width(record: Record, protocol: Protocol | None, about: FileFindings) -> None:
    """Report a width that neither so few features nor so few training images have."""
    if protocol is None or protocol.width is None:
        return
    fitted = min([record.dataset.train, *(round_.train for round_ in record.rounds)])
    if record.encoder.feature_dim < protocol.width or fitted <= protocol.width:
        about.fault(
            f"a width of {protocol.width:,} can't be had from {record.encoder.feature_dim:,} features of {fitted:,} "
            "training images",
            RERUN,
        )
