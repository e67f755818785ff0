"""Explains a record by Grad-CAM and Guided Grad-CAM, and writes a folder of figures."""

import copy

from artbench.data.opening import OpenTask
from artbench.encoders.build import build_backbone, seeded
from artbench.encoders.encoder import Encoder
from artbench.explain.destination import writing
from artbench.explain.gradcam.folder import Contents, draw
from artbench.explain.gradcam.images import asked_for, check_model, chosen, learnt_class
from artbench.explain.gradcam.maps import Explainer, refusal
from artbench.explain.gradcam.model import ProbedEncoder
from artbench.explain.gradcam.request import GradcamRequest
from artbench.explain.gradcam.sanity.cascade import Cascade
from artbench.explain.gradcam.sanity.check import check_sanity
from artbench.explain.gradcam.stages import last_stage, named_stage
from artbench.explain.layers import check_layer
from artbench.explain.refit import refit
from artbench.explain.sources import CheckedRecord
from artbench.explain.validate import read_image
from artbench.plugins.registry import Registry
from artbench.runtime.progress import Reporter


def explain_gradcam(
    request: GradcamRequest, checked: CheckedRecord, *, registry: Registry, reporter: Reporter
) -> Contents:
    """Explain what a record's encoder and probe predict, check the maps, and write figures and an index of them.

    Raises:
        UsageError: A class, a layer, or a name on record is unknown, or nothing says where something lies.
        ArtbenchError: The record can't be read or reproduced, an image can't be read, or the folder can't be written.
    """
    data = [read_image(file) for file in request.files]

    def check(_: OpenTask, encoder: Encoder) -> None:
        if request.layer is not None:
            check_layer(encoder.module, request.layer, backbone=encoder.backbone)

    probed = refit(checked, check=check, registry=registry, reporter=reporter)
    named = None if request.named is None else learnt_class(request.named, probed)
    # MPS has no float64, in which the probe computes.
    model = ProbedEncoder(probed.encoder, probed.head, dtype=probed.dtype)
    model.to("cpu" if probed.device == "mps" else probed.device)
    if request.files:
        images = asked_for(request.files, data, model=model, probed=probed, named=named)
    else:
        images = chosen(probed, named=named, count=request.count, seed=request.seed, reporter=reporter)
        check_model(model, images, probed=probed)
    side = images.pixels.shape[1]
    place = last_stage(model, side) if request.layer is None else named_stage(model, side, name=request.layer)
    refused = refusal(model, place, side=side)
    if refused:
        reporter.notice(refused)
    other = copy.deepcopy(model)
    explainer = Explainer(model, place, guided=not refused)
    maps = explainer(images.pixels, images.classes)
    # Another seed than the record's: where its own weights are random, these are others.
    with seeded(probed.record.provenance.seed + 1 + request.seed):
        fresh = build_backbone(probed.candidate.backbone).module.state_dict()
    # Before the explainer of `other`, which may put a view of the layer into it: `fresh` has the names without one.
    cascade = Cascade(other, fresh, side=side, seed=request.seed)
    sanity = check_sanity(
        explainer,
        cascade,
        randomised=Explainer(other, place, guided=not refused),
        pixels=images.pixels,
        classes=images.classes,
        maps=maps,
        seed=request.seed,
        reporter=reporter,
    )
    contents = Contents(
        record=probed.record,
        difference=probed.difference,
        layer=place,
        refused=refused,
        named=request.named,
        seed=request.seed,
        how=images.how,
        shown=images.shown,
        sanity=sanity,
    )
    with writing(f"the folder {request.out}"):
        draw(contents, maps, folder=request.out, dpi=request.dpi, reporter=reporter)
    return contents
