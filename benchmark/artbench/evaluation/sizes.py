"""Sizes of the encoders that records name, as the plugins here have them."""

from functools import lru_cache

from artbench.encoders.sizes import counted_sizes
from artbench.errors import ArtbenchError
from artbench.leaderboard.validation.sizes import EncoderSizes, Sizes
from artbench.plugins.registry import Registry
from artbench.protocol import protocol_named
from artbench.records.record import Record


def sizes_known_to(registry: Registry) -> Sizes:
    """Return what looks up the sizes of a record's backbone, each once."""

    @lru_cache(maxsize=512)
    def counted(backbone: str) -> tuple[int, int, int | None] | None:
        return counted_sizes(registry.backbones.get(backbone))

    def sizes(record: Record) -> EncoderSizes | None:
        protocol = protocol_named(record.protocol)
        try:
            found = counted(record.backbone)
        except ArtbenchError:
            return None
        if found is None or protocol is None:
            return EncoderSizes()
        parameters, width, side = found
        return EncoderSizes(parameters=parameters, feature_dim=width, input_size=protocol.picture.crop_side(side))

    return sizes
