"""Building an encoder: the backbone is seeded and checked, its weights are loaded and checked, and it is frozen."""

import math
import random
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from artbench.encoders.backbone import Backbone
from artbench.encoders.checkpoint_path import checkpoint_name
from artbench.encoders.checkpoint_weights import CheckpointReader, report_left_out
from artbench.encoders.encoder import Encoder
from artbench.encoders.fit import difference, shown
from artbench.encoders.normalisation import Normalisation
from artbench.encoders.readout import chosen_place
from artbench.encoders.weights import Weights, is_batch_counter, state_digest
from artbench.errors import ArtbenchError, UsageError, plugin_errors
from artbench.protocol import Preprocessing
from artbench.records.encoder_state import TrainingState
from artbench.runtime.progress import Reporter
from artbench.specs import BackboneSpec, PretrainingSpec, load_factory
from artbench.specs.variants import POOLS, WHOLE, Variant


def build_encoder(
    backbone: BackboneSpec,
    pretraining: PretrainingSpec | Path,
    *,
    seed: int,
    normalisation: Normalisation | None = None,
    reporter: Reporter,
) -> Encoder:
    """Build a backbone, load the weights of one pretraining, and freeze it.

    Args:
        backbone: The backbone.
        pretraining: The pretraining, or the path of a checkpoint: its file, or a folder with `encoder.safetensors`.
        seed: Seed of the initialisation, which the pretraining `random` keeps; global random states don't change.
        normalisation: Mean and standard deviation for a checkpoint; None: those that its layout tells, else the
            backbone's.
        reporter: Receives notices about tensors that were left out, and about the choice between several sets.

    Raises:
        ArtbenchError: The backbone is not what its plugin states, there are no such weights, or they leave a weight
            of the backbone unset or not finite.
    """
    with seeded(seed):
        built = build_backbone(backbone)
        if isinstance(pretraining, Path):
            asked = backbone.variant.get("size") is not None
            reader = CheckpointReader(backbone=built, resample=asked, normalisation=normalisation, reporter=reporter)
            weights, name = reader.read(pretraining), checkpoint_name(pretraining)
            origin, mend = f"{pretraining}", f"Give a checkpoint of {built.name}, with the names its library uses"
        else:
            weights, name = _published_weights(pretraining, built, reporter), pretraining.name
            origin, mend = f"{name} ({weights.source})", "These weights are of another backbone"
    if weights.training is not None:
        _check_trained_as(backbone, weights.training, origin=name)
    module = built.module
    load_weights(module, weights.state, origin=origin, backbone=built.name, mend=mend)
    module.requires_grad_(False).eval()
    whole = Encoder(
        backbone=backbone.name,
        backbone_version=backbone.version,
        pretraining=name,
        module=module,
        feature_dim=built.feature_dim,
        mean=built.mean if weights.mean is None else weights.mean,
        std=built.std if weights.std is None else weights.std,
        input_size=built.input_size,
        weights_sha256=state_digest(_tensors(module)),
        source=weights.source,
        pool=weights.pool,
        training=weights.training,
        corpus=weights.corpus,
        text=backbone.text,
        parameters=sum(parameter.numel() for parameter in module.parameters()),
        network=built,
    )
    return whole.at(backbone)


def canonical(spec: BackboneSpec) -> BackboneSpec:
    """A variant under the one name that goes on record: without choices that are the backbone's own.

    Builds the backbone, without weights, if a variant is chosen.

    Raises:
        UsageError: The backbone has no such variant.
        ArtbenchError: It can't be built.
    """
    if not spec.variant.choices:
        return spec
    built = unseeded(spec)
    place = chosen_place(built, spec.variant)
    needless = [] if place.layer > 1 else ["layer"]
    if place == chosen_place(built, spec.variant.without("pool")):
        needless.append("pool")
    size = spec.variant.get("size")
    if size is not None:
        plain = unseeded(spec.without("size"))
        if size == Preprocessing().crop_side(plain.input_size):
            needless.append("size")
    return spec.without(*needless)


def unseeded(spec: BackboneSpec) -> Backbone:
    """Build a backbone without seeding or checking it.

    Raises:
        ArtbenchError: It can't be built.
    """
    with plugin_errors(f"backbone {spec.name}"), redirect_stdout(sys.stderr):
        chosen = dict(spec.variant.choices)
        arguments = {key: chosen[key] for key in chosen.keys() & spec.variants.keys()}
        built = load_factory(spec.factory)(**arguments)
        if not isinstance(built, Backbone):
            raise TypeError(f"its factory returns a {type(built).__name__}, not a Backbone")
        if built.pool not in ("", *POOLS):
            raise ValueError(f"its pool is {built.pool!r}, not one of {', '.join(POOLS)} or empty")
    size = spec.variant.get("size")
    if size is None or "size" in spec.variants:
        return built
    if built.input_size not in (None, size):
        raise UsageError(f"{built.name} takes images of {built.input_size} pixels only, not of size={size}")
    return replace(built, input_size=int(size))


def build_backbone(spec: BackboneSpec) -> Backbone:
    """Build a backbone at its initialisation, in eval mode, and check what its plugin states.

    Raises:
        ArtbenchError: It can't be built, or is not what its plugin states.
    """
    with plugin_errors(f"backbone {spec.name}"), redirect_stdout(sys.stderr):
        built = unseeded(spec)
        _check_normalisation(built.mean, built.std)
        # If the backbone takes any size, that of the default protocol.
        side = Preprocessing().crop_side(built.input_size)
        with torch.inference_mode():
            features = built.module.eval()(torch.zeros(2, 3, side, side))
    if not isinstance(features, torch.Tensor) or not features.is_floating_point():
        raise ArtbenchError(f"backbone {spec.name} gives a {type(features).__name__}, not a tensor of floats")
    if features.shape != (2, built.feature_dim):
        raise ArtbenchError(
            f"backbone {spec.name} gives features of shape {tuple(features.shape)} for 2 images of {side} x {side}, "
            f"not (2, {built.feature_dim})",
            mend="It has no pooled features, or its plugin states another feature_dim",
        )
    return built


def _published_weights(pretraining: PretrainingSpec, backbone: Backbone, reporter: Reporter) -> Weights:
    with plugin_errors(f"pretraining {pretraining.name} for {backbone.name}"), redirect_stdout(sys.stderr):
        if pretraining.weights is None:
            raise TypeError("it has to be trained first")
        weights = load_factory(pretraining.weights)(backbone)
        if not isinstance(weights, Weights):
            raise TypeError(f"its factory returns a {type(weights).__name__}, not Weights")
        _check_normalisation(weights.mean, weights.std)
    wanted = _tensors(backbone.module)
    report_left_out(pretraining.name, [key for key in weights.state if key not in wanted], backbone, reporter)
    return weights


def _check_trained_as(backbone: BackboneSpec, training: TrainingState, *, origin: str) -> None:
    """Raise unless the network was trained as it is built now: shapes don't tell the number of attention heads."""
    before = Variant.parse(training.backbone.partition("@")[2]) if "@" in training.backbone else WHOLE
    chosen = [variant.without("layer", "pool", "size") for variant in (before, backbone.variant)]
    if chosen[0] != chosen[1]:
        raise ArtbenchError(
            f"{origin} was trained as {training.backbone}, and {backbone.name} is another network",
            mend=f"Give the backbone that it was trained with: --backbone {training.backbone}",
        )


def _check_normalisation(mean: tuple[float, ...] | None, std: tuple[float, ...] | None) -> None:
    for name, values in (("mean", mean), ("std", std)):
        if values is not None and (len(values) != 3 or not all(math.isfinite(value) for value in values)):
            raise ValueError(f"its {name} is {values}, not three numbers")
    if std is not None and min(std) <= 0:
        raise ValueError(f"its std is {std}, not above zero")


def _tensors(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value for name, value in module.state_dict().items() if isinstance(value, torch.Tensor)}


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed the generators that initialise networks, and restore their states afterwards."""
    python, legacy = random.getstate(), np.random.get_state()
    # Networks are built on the CPU; generators of other devices are left alone.
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed % 2**32)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(legacy)


def load_weights(
    module: torch.nn.Module, state: Mapping[str, torch.Tensor], *, origin: str, backbone: str, mend: str
) -> None:
    """Set every weight of a module; raise if one would stay at its initialisation.

    Keys that the module lacks are ignored. `num_batches_tracked`, unused in eval mode, may be missing.

    Args:
        module: Changed in place; the tensors are copied and cast to its own dtypes.
        state: Tensors by their name in the module.
        origin: Origin of the weights, for messages: `moco.pth`.
        backbone: Name of the backbone, for messages.
        mend: What to do if the weights don't fit, for messages.

    Raises:
        ArtbenchError: A weight is missing, has another shape, or is not finite.
    """
    wanted = _tensors(module)
    needed = {name: tensor for name, tensor in wanted.items() if not is_batch_counter(name)}
    reasons = {name: difference(state[name], needed[name]) if name in state else "missing" for name in needed}
    problems = [f"{name} ({reason})" for name, reason in reasons.items() if reason]
    if problems:
        raise ArtbenchError(
            f"{origin} leaves {len(problems)} of {len(needed)} weights of {backbone} unset: {shown(problems)}",
            mend=mend,
        )
    fitting = [name for name, tensor in wanted.items() if name in state and not difference(state[name], tensor)]
    # MNASNet needs the version of its layout, which its own state dict carries.
    whole = module.state_dict()
    whole.update({name: state[name] for name in fitting})
    module.load_state_dict(whole)
    loaded = module.state_dict()
    bad = [name for name in fitting if loaded[name].is_floating_point() and not bool(loaded[name].isfinite().all())]
    if bad:
        raise ArtbenchError(
            f"{origin} holds NaN or infinity in {len(bad)} weights: {shown(bad)}",
            mend="The training diverged, or the file is damaged: give another checkpoint",
        )
