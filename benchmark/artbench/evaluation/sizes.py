"""Sizes of the encoders that records name, as the plugins here have them."""

from contextlib import suppress
from functools import lru_cache

from artbench.encoders.sizes import CountedSizes, counted_sizes
from artbench.errors import ArtbenchError, UsageError
from artbench.leaderboard.validation.sizes import EncoderSizes, Sizes
from artbench.plugins.registry import Registry
from artbench.protocol import protocol_named
from artbench.records.record import Record
from artbench.runtime.names import seen_as


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

    @lru_cache(maxsize=1)
    def by_look() -> dict[str, str]:
        """The names of all backbones here by what a reader sees in them; none if a plugin fails."""
        with suppress(ArtbenchError):
            return {seen_as(name): name for _, name, _ in registry.backbones.search("*")}
        return {}

    def sizes(record: Record) -> EncoderSizes | None:
        protocol = protocol_named(record.protocol)
        try:
            found = counted(record.backbone)
        except ArtbenchError:
            alike = by_look().get(seen_as(record.backbone.partition("@")[0]))
            return (
                None if alike is None else EncoderSizes(impossible=f"the backbone {record.backbone} looks like {alike}")
            )
        if isinstance(found, str):
            return EncoderSizes(impossible=found)
        if registry.backbones.get(record.backbone).version != record.encoder.backbone_version:
            return None
        if problem := _contradicted(record, registry):
            return EncoderSizes(impossible=problem)
        if found is None or protocol is None:
            return EncoderSizes()
        corpus = found.corpora.get(record.pretraining)
        return EncoderSizes(
            name=found.name,
            parameters=found.parameters,
            feature_dim=found.feature_dim,
            input_size=protocol.picture.crop_side(found.input_size),
            pooling=found.pooling,
            seen=None if corpus is None else corpus.seen(record.dataset.name),
        )

    return sizes


def _contradicted(record: Record, registry: Registry) -> str:
    """Say that a backbone reads no texts, or that no plugin of a record registers its pretraining by this name.

    Empty if one may, or if it is a file.
    """
    if record.prompts is not None and registry.backbones.get(record.backbone).text is None:
        return f"{record.backbone} reads no texts, and the record has prompts"
    installed = {plugin.distribution for plugin in registry.plugins}
    if record.encoder.checkpoint_sha256 is not None or set(record.provenance.plugins) - installed:
        return ""
    try:
        name = registry.pretrainings.named_in_file(record.pretraining).name
    except UsageError:
        return f"no pretraining is called {record.pretraining!r}, and the record names no checkpoint"
    return "" if name == record.pretraining else f"the pretraining {record.pretraining} is {name}"
