"""How long units will take and what they will store, by the records that are there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from artbench.matrix.units import Unit
from artbench.protocol import Protocol
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
    """What records say of networks: images per second, and length of features; and of the probe, seconds per image.

    Those of a probe are None where no record tells.
    """

    images_per_s: Mapping[str, float]
    widths: Mapping[str, int]
    probe_s: float | None

    @classmethod
    def of(cls, records: Iterable[Record], *, protocol: Protocol) -> "Costs":
        """Read the costs of each backbone off its records, whatever machine they are from.

        The probe's are those under the same protocol. The linear ones are enough alike to stand for each other; a probe
        that a plugin brings may take a thousand times as long.
        """
        rates: dict[str, list[float]] = {}
        widths: dict[str, int] = {}
        probes: list[float] = []
        linear: list[float] = []
        for record in records:
            network = record.backbone.partition("@")[0]
            widths[record.backbone] = record.encoder.feature_dim
            if record.timing.images_per_s:
                rates.setdefault(network, []).append(record.timing.images_per_s)
            spent = record.timing.probe_s / max(1, record.dataset.train + record.dataset.test)
            if record.protocol == protocol.name:
                probes.append(spent)
            elif record.own_probe is None:
                linear.append(spent)
        if protocol.own is None:
            probes = probes or linear or [0.0]
        return cls(
            images_per_s={network: median(found) for network, found in rates.items()},
            widths=widths,
            probe_s=median(probes) if probes else None,
        )

    def of_unit(self, unit: Unit, *, images: int | None) -> Estimate:
        """Estimate a unit.

        Args:
            unit: A unit that measures; of a training nothing is known.
            images: Number of images of its dataset; None: unknown.
        """
        if unit.kind == "train" or images is None or not self.images_per_s or self.probe_s is None:
            return Estimate(seconds=None, stored=None)
        rate = self.images_per_s.get(unit.backbones[0].partition("@")[0])
        # A network that has no record is taken for a middling one.
        rate = rate or median(self.images_per_s.values())
        probes = self.probe_s * images * len(unit.tasks) * len(unit.backbones)
        widths = [self.widths.get(name) for name in unit.backbones]
        known = [width for width in widths if width is not None]
        stored = sum(known) * images * _FLOAT32 if len(known) == len(widths) else None
        return Estimate(seconds=images / rate + probes, stored=stored)
