"""What was found of an encoder: kernels, pictures of its units, and the examples they respond to."""

from collections import Counter as Counts
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.encoders.encoder import Encoder
from artbench.explain.filters.depths import Depth, Trace, drawn
from artbench.explain.filters.maximise import Maximised, maximise
from artbench.explain.filters.request import Ascent
from artbench.explain.filters.responses import Sample, UnitReader, strongest
from artbench.explain.filters.structure import Structure, structure
from artbench.runtime.progress import Reporter


@dataclass(frozen=True, kw_only=True)
class LayerFilters:
    """Some units of one layer.

    Attributes:
        depth: The layer.
        units: Their numbers.
        maximised: Their pictures.
        structures: What was measured of the pictures.
        examples: For each unit, the numbers of the sample's pictures it responds to most; None without a sample.
    """

    depth: Depth
    units: Sequence[int]
    maximised: Maximised
    structures: Sequence[Structure]
    examples: NDArray[np.int64] | None

    @property
    def counts(self) -> Mapping[str, int]:
        """How many pictures there are of each verdict, only of those there are."""
        return Counts(one.verdict for one in self.structures)

    @property
    def counted(self) -> str:
        """As words: `5 of 6 structured, 1 noise`."""
        counts = dict(self.counts)
        parts = [f"{counts.pop('structured', 0)} of {len(self.units)} structured"]
        return ", ".join(parts + [f"{count} {verdict}" for verdict, count in sorted(counts.items())])


@dataclass(frozen=True, kw_only=True)
class EncoderFilters:
    """What was found of one encoder.

    Attributes:
        encoder: The encoder.
        kernels: Of its first convolution, (units, 3, height, width), where the first of the layers is that; else None.
        layers: From the first to the last.
        sample: The pictures that were looked through for examples; None: there were none.
    """

    encoder: Encoder
    kernels: torch.Tensor | None
    layers: Sequence[LayerFilters]
    sample: Sample | None = None

    def as_json(self) -> dict[str, Any]:
        """What was measured, unit by unit."""
        return {
            "backbone": self.encoder.backbone,
            "pretraining": self.encoder.pretraining,
            "weights_sha256": self.encoder.weights_sha256,
            "layers": [
                {
                    "layer": layer.depth.name,
                    "counts": dict(layer.counts),
                    "counted": layer.counted,
                    "units": [
                        {
                            "unit": unit,
                            "verdict": one.verdict,
                            "coherence": one.coherence,
                            "concentration": one.concentration,
                            "start": float(layer.maximised.start[at]),
                            "reached": float(layer.maximised.reached[at]),
                            **self._examples(layer, at),
                        }
                        for at, (unit, one) in enumerate(zip(layer.units, layer.structures, strict=True))
                    ],
                }
                for layer in self.layers
            ],
        }

    def _examples(self, layer: LayerFilters, at: int) -> dict[str, list[str]]:
        """Ids of the pictures that a unit responds to most, the strongest first."""
        if self.sample is None or layer.examples is None:
            return {}
        return {"examples": [self.sample.ids[number] for number in layer.examples[at]]}


def picture_side(encoder: Encoder, ascent: Ascent) -> int:
    """The side of its pictures in pixels: the one it takes, where it takes one alone."""
    return encoder.input_size or ascent.side


def find_filters(
    encoder: Encoder,
    trace: Trace,
    *,
    depths: Sequence[Depth],
    units: int,
    seed: int,
    ascent: Ascent,
    sample: Sample | None,
    device: str,
    reporter: Reporter,
) -> EncoderFilters:
    """Make the pictures of some units of each layer, and look up what they respond to most.

    Args:
        encoder: The encoder.
        trace: Of its module.
        depths: The layers.
        units: How many of each layer, drawn by `seed`.
        seed: Of the units, starts and moves.
        ascent: How to climb; its side is that of `picture_side`.
        sample: Pictures to look through.
        device: To compute on.
        reporter: Told how far it is.
    """
    module = trace.module.to(device).to(memory_format=torch.channels_last)
    layers = []
    for depth in depths:
        chosen = drawn(depth, units, seed=seed)
        reader = UnitReader(module, depth, mean=encoder.mean, std=encoder.std)
        what = f"{encoder.backbone}, {encoder.pretraining}: {depth.name}"
        with reporter.counting(what, total=ascent.steps, unit="steps") as counter:
            maximised = maximise(reader, chosen, seed=seed, ascent=ascent, device=device, counter=counter)
        measured = [
            structure(picture, gradient=gradient)
            for picture, gradient in zip(maximised.pictures.numpy(), maximised.gradient.tolist(), strict=True)
        ]
        examples = None if sample is None else _examples(reader, chosen, sample, device)
        layers.append(
            LayerFilters(depth=depth, units=chosen, maximised=maximised, structures=measured, examples=examples)
        )
    return EncoderFilters(encoder=encoder, kernels=trace.kernels(depths[0]), layers=layers, sample=sample)


@torch.no_grad()
def _examples(reader: UnitReader, units: Sequence[int], sample: Sample, device: str) -> NDArray[np.int64]:
    return strongest(torch.cat([reader(batch)[:, list(units)].cpu() for batch in sample.batches(device)]))
