"""Makes filter pictures of a backbone with one or more pretrainings, and writes a figure."""

from collections.abc import Sequence
from dataclasses import replace

from artbench.data.opening import open_dataset
from artbench.encoders.request import encoder_requests
from artbench.explain.figure import write_png
from artbench.explain.filters.depths import Depth, Trace
from artbench.explain.filters.encoder_filters import EncoderFilters, find_filters
from artbench.explain.filters.figure import filters_figure
from artbench.explain.filters.request import FiltersRequest
from artbench.explain.filters.responses import Sample, draw_sample
from artbench.explain.filters.structure import CRITERION
from artbench.plugins.registry import Registry
from artbench.runtime.machine import choose_device
from artbench.runtime.progress import Reporter


def explain_filters(request: FiltersRequest, *, registry: Registry, reporter: Reporter) -> list[EncoderFilters]:
    """Make filter pictures of each pretraining, side by side, and write the figure.

    Raises:
        UsageError: A name is unknown, such as that of a layer, or nothing says where the dataset is.
        ArtbenchError: There are no such weights, the backbone has no convolution, no image of the dataset can be
            read, or the figure can't be written.
    """
    device = choose_device(request.device)
    candidates = list(encoder_requests([request.backbone], request.pretrainings, registry=registry, seed=request.seed))
    dataset = None
    if request.examples is not None:
        spec = registry.datasets.get(request.examples)
        dataset = open_dataset(spec, request.paths.folder(spec, reporter=reporter))
    found: list[EncoderFilters] = []
    sample: Sample | None = None
    depths: list[Depth] = []
    for candidate in candidates:
        encoder = candidate.build(reporter, device=device)
        if encoder.input_size is not None:
            request = replace(request, ascent=replace(request.ascent, side=encoder.input_size))
        side = request.ascent.side
        trace = Trace(encoder.module, side, name=request.backbone)
        if not found:
            depths = [trace.named(name) for name in dict.fromkeys(request.layers)] or trace.chosen()
            if dataset is not None:
                sample = draw_sample(dataset, side=side, seed=request.seed, reporter=reporter)
        found.append(
            find_filters(
                encoder, trace, depths=depths, request=request, sample=sample, device=device, reporter=reporter
            )
        )
    figure = filters_figure(found, caption=_caption(request, sample))
    write_png(figure, request.out, dpi=request.dpi, facts=_facts(request, found, sample))
    return found


def _caption(request: FiltersRequest, sample: Sample | None) -> list[str]:
    ascent = request.ascent
    lines = [
        f"Each picture was reached in {ascent.steps} steps at {ascent.side} px from noise, in decorrelated Fourier "
        f"space, under jitter, scale and rotation (Olah et al. 2017). Numbers are those of the units, drawn by seed "
        f"{request.seed} and the same for every pretraining; values are read before the nonlinearity.",
        f"{CRITERION[0].upper()}{CRITERION[1:]}.",
    ]
    if sample is not None:
        lines.append(
            f"Beside each: the four images it responds to most, of {len(sample.ids):,} drawn from the {sample.of:,} "
            f"of {sample.dataset}, strongest at the upper left."
        )
    return lines


def _facts(request: FiltersRequest, found: Sequence[EncoderFilters], sample: Sample | None) -> dict[str, str]:
    """Collect what is needed to make the figure again."""
    ascent = request.ascent
    facts = {
        "Title": f"{request.backbone}: what units respond to most",
        "artbench-backbone": request.backbone,
        "artbench-seed": str(request.seed),
        "artbench-ascent": f"{ascent.steps} steps, {ascent.side} px, rate {ascent.rate}",
        "artbench-units": "; ".join(
            f"{layer.depth.name}: {' '.join(str(unit) for unit in layer.units)}" for layer in found[0].layers
        ),
    }
    for number, one in enumerate(found, start=1):
        counts = "; ".join(f"{layer.depth.name}: {layer.counted}" for layer in one.layers)
        facts[f"artbench-pretraining-{number}"] = one.encoder.pretraining
        facts[f"artbench-weights-{number}"] = one.encoder.weights_sha256
        facts[f"artbench-structure-{number}"] = counts
    if request.records:
        facts["artbench-record"] = " ".join(request.records)
    if sample is not None:
        facts["artbench-examples"] = f"{sample.dataset}, {len(sample.ids)} of {sample.of} images"
    return facts
