"""How long units will take and what they will store, by the records that are there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from artbench.matrix.units import Unit
from artbench.records.record import Record

_FLOAT32 = 4


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a unit will take.

    Attributes:
        seconds: Seconds; None: no record tells.
        stored: Bytes of features in the cache; None: no record has the backbone.
    """

    seconds: float | None
    stored: int | None


@dataclass(frozen=True, kw_only=True)
class Costs:
    """What records say of networks: images per second, length of features, seconds of a probe per image."""

    images_per_s: Mapping[str, float]
    widths: Mapping[str, int]
    probe_s: float

    @classmethod
    def of(cls, records: Iterable[Record]) -> "Costs":
        """Read the costs of each backbone off its records, whatever machine they are from."""
        rates: dict[str, list[float]] = {}
        widths: dict[str, int] = {}
        probes: list[float] = []
        for record in records:
            network = record.backbone.partition("@")[0]
            widths[record.backbone] = record.encoder.feature_dim
            if record.timing.images_per_s:
                rates.setdefault(network, []).append(record.timing.images_per_s)
            probes.append(record.timing.probe_s / max(1, record.dataset.train + record.dataset.test))
        return cls(
            images_per_s={network: median(found) for network, found in rates.items()},
            widths=widths,
            probe_s=median(probes) if probes else 0.0,
        )

    def of_unit(self, unit: Unit, *, images: int | None) -> Estimate:
        """Estimate a unit.

        Args:
            unit: A unit that measures; of a training nothing is known.
            images: Number of images of its dataset; None: unknown.
        """
        if unit.kind == "train" or images is None or not self.images_per_s:
            return Estimate(seconds=None, stored=None)
        rate = self.images_per_s.get(unit.backbones[0].partition("@")[0])
        # A network that has no record is taken for a middling one.
        rate = rate or median(self.images_per_s.values())
        probes = self.probe_s * images * len(unit.tasks) * len(unit.backbones)
        widths = [self.widths.get(name) for name in unit.backbones]
        known = [width for width in widths if width is not None]
        stored = sum(known) * images * _FLOAT32 if len(known) == len(widths) else None
        return Estimate(seconds=images / rate + probes, stored=stored)
