"""Kernels of an encoder, pictures of its units, and the images that these respond to most."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.encoders.encoder import Encoder
from artbench.explain.filters.depths import Depth, Trace, drawn
from artbench.explain.filters.maximise import Maximised, maximise
from artbench.explain.filters.request import FiltersRequest
from artbench.explain.filters.responses import Sample, UnitReader
from artbench.explain.filters.structure import Structure, structure
from artbench.runtime.progress import Reporter

# Examples of a unit, in a mosaic of two by two.
_SHOWN = 4


@dataclass(frozen=True, kw_only=True)
class LayerFilters:
    """Filter pictures of some units of a layer.

    Attributes:
        depth: The layer.
        units: Numbers of the units.
        maximised: Pictures of the units.
        structures: Structure of each picture.
        examples: For each unit, the numbers of the images of the sample that it responds to most, strongest first,
            int64, shape (units, 4 or fewer); None without a sample.
    """

    depth: Depth
    units: Sequence[int]
    maximised: Maximised
    structures: Sequence[Structure]
    examples: NDArray[np.int64] | None

    @property
    def counts(self) -> Counter[str]:
        """Number of pictures of each verdict."""
        return Counter(one.verdict for one in self.structures)

    @property
    def counted(self) -> str:
        """The counts in words: `5 of 6 structured, 1 noise`."""
        others = [f", {count} {verdict}" for verdict, count in sorted(self.counts.items()) if verdict != "structured"]
        return f"{self.counts['structured']} of {len(self.units)} structured{''.join(others)}"


@dataclass(frozen=True, kw_only=True)
class EncoderFilters:
    """Filter pictures of an encoder.

    Attributes:
        encoder: The encoder.
        kernels: Kernels of the first convolution, shape (units, 3, height, width), if the first layer shows it.
        layers: Layers from the first to the last.
        sample: Images searched for examples, if any.
    """

    encoder: Encoder
    kernels: torch.Tensor | None
    layers: Sequence[LayerFilters]
    sample: Sample | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what was measured of each unit."""
        return {
            "backbone": self.encoder.backbone,
            "pretraining": self.encoder.pretraining,
            "weights_sha256": self.encoder.weights_sha256,
            "layers": [
                {
                    "layer": layer.depth.name,
                    "counts": dict(layer.counts),
                    "counted": layer.counted,
                    "units": [self._unit(layer, at) for at in range(len(layer.units))],
                }
                for layer in self.layers
            ],
        }

    def _unit(self, layer: LayerFilters, at: int) -> dict[str, Any]:
        start, reached = float(layer.maximised.start[at]), float(layer.maximised.reached[at])
        values = {"unit": layer.units[at], **vars(layer.structures[at]), "start": start, "reached": reached}
        if self.sample is None or layer.examples is None:
            return values
        return {**values, "examples": [self.sample.ids[number] for number in layer.examples[at]]}


def find_filters(
    encoder: Encoder,
    trace: Trace,
    *,
    depths: Sequence[Depth],
    request: FiltersRequest,
    sample: Sample | None,
    device: str,
    reporter: Reporter,
) -> EncoderFilters:
    """Make the pictures of some units of each layer, and find the images that these respond to most.

    Args:
        encoder: The encoder.
        trace: Trace of its module.
        depths: Layers to show.
        request: Options; the side of its ascent is one that the encoder takes.
        sample: Images to search for examples.
        device: Device to compute on.
        reporter: Receives progress.
    """
    module = trace.module.to(device).to(memory_format=torch.channels_last)
    layers, seed, ascent = [], request.seed, request.ascent
    for depth in depths:
        chosen = drawn(depth, request.units, seed=seed)
        reader = UnitReader(module, depth, mean=encoder.mean, std=encoder.std)
        what = f"{encoder.backbone}, {encoder.pretraining}: {depth.name}"
        with reporter.counting(what, total=ascent.steps, unit="steps") as counter:
            maximised = maximise(reader, chosen, seed=seed, ascent=ascent, device=device, counter=counter)
        structures = [
            structure(picture, gradient=gradient)
            for picture, gradient in zip(maximised.pictures.numpy(), maximised.gradient.tolist(), strict=True)
        ]
        examples = None if sample is None else _examples(reader, chosen, sample, device)
        layers.append(
            LayerFilters(depth=depth, units=chosen, maximised=maximised, structures=structures, examples=examples)
        )
    return EncoderFilters(encoder=encoder, kernels=trace.kernels(depths[0]), layers=layers, sample=sample)


@torch.no_grad()
def _examples(reader: UnitReader, units: Sequence[int], sample: Sample, device: str) -> NDArray[np.int64]:
    responses = torch.cat([reader(batch)[:, list(units)].cpu() for batch in sample.batches(device)])
    return torch.sort(responses, dim=0, descending=True, stable=True).indices[:_SHOWN].T.numpy()
