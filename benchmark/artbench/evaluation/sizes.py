"""Sizes of the encoders that records name, as the plugins here have them."""

from functools import lru_cache

from artbench.encoders.sizes import CountedSizes, counted_sizes
from artbench.errors import ArtbenchError, UsageError
from artbench.leaderboard.validation.sizes import EncoderSizes, Sizes
from artbench.plugins.registry import Registry
from artbench.protocol import protocol_named
from artbench.records.record import Record


def sizes_known_to(registry: Registry) -> Sizes:
    """Return what looks up the sizes of a record's backbone, each once."""

    @lru_cache(maxsize=512)
    def counted(backbone: str) -> CountedSizes | str | None:
        """The sizes; why there is no such variant; None: they can't be counted."""
        registry.backbones.get(backbone.partition("@")[0])
        try:
            return counted_sizes(registry.backbones.get(backbone))
        except UsageError as error:
            return error.message

    def sizes(record: Record) -> EncoderSizes | None:
        protocol = protocol_named(record.protocol)
        try:
            found = counted(record.backbone)
        except ArtbenchError:
            return None
        if isinstance(found, str):
            return EncoderSizes(impossible=found)
        if found is None or protocol is None:
            return EncoderSizes()
        return EncoderSizes(
            name=found.name,
            parameters=found.parameters,
            feature_dim=found.feature_dim,
            input_size=protocol.picture.crop_side(found.input_size),
            pooling=found.pooling,
        )

    return sizes
