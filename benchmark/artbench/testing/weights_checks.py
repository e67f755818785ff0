"""Weights that a pretraining gives: whole, numbers, and the same on every call."""

import re
from collections.abc import Iterator

import torch

from artbench.encoders.build import build_backbone
from artbench.encoders.digest import state_digest
from artbench.encoders.loading import load_weights
from artbench.encoders.weights import Weights
from artbench.errors import ArtbenchError
from artbench.testing.backbone_weights import digest_of
from artbench.testing.checks import Check, Fault, shortened, some
from artbench.testing.given import Given
from artbench.testing.preprocessing import normalisation_faults

# The root of a file system, a home, a drive.
_LOCAL = re.compile(r"(^|[\s(])(/|~/|[A-Za-z]:\\)")


def state(given: Given) -> Iterator[Fault]:
    """Weights are tensors by their names in the backbone's module."""
    odd = [str(name) for name, tensor in given.weights.state.items() if not isinstance(tensor, torch.Tensor)]
    if odd:
        yield Fault(f"{len(odd)} of its weights are no tensors: {some(odd)}", "Give a state dict")
    own = set(given.backbone.module.state_dict())
    others = [name for name in given.weights.state if name not in own]
    if others and len(others) < len(given.weights.state):
        mend = "Leave them out, or users are told of them at every run"
        yield Fault(f"{len(others)} of its weights are none of {given.network.name}: {some(others)}", mend, "WARN")


def load(given: Given) -> Iterator[Fault]:
    """Every weight of the backbone is set, in its shape, to finite numbers."""
    module = build_backbone(given.network).module
    try:
        load_weights(
            module,
            given.weights.state,
            origin="it",
            backbone=given.network.name,
            mend="Name them as module.state_dict()",
        )
    except ArtbenchError as error:
        yield Fault(error.message, error.mend)


def source(given: Given) -> Iterator[Fault]:
    """Where the weights are from is said in a few words, without a local folder."""
    said = given.weights.source
    if not isinstance(said, str) or not said.strip() or "\n" in said:
        yield Fault(f"source is {said!r}", "Say in one line where the weights are from: it goes on record")
    elif _LOCAL.search(said):
        mend = "Name the weights and not where they lie on this machine: it goes on record"
        yield Fault(f"source names a local folder: {shortened(said)}", mend)


def preprocessing(given: Given) -> Iterator[Fault]:
    """Mean and std, where the weights bring their own, are three numbers each, of RGB in [0, 1]."""
    mean, std = given.weights.mean, given.weights.std
    yield from normalisation_faults((0, 0, 0) if mean is None else mean, (1, 1, 1) if std is None else std)


def digest(given: Given) -> Iterator[Fault]:
    """Two calls under one seed give the same weights."""
    if _digest(given.again(0)[1]) != _digest(given.weights):
        yield Fault(
            "two calls under one seed give other weights",
            "Draw from torch's global generator, which artbench seeds; or read them from where they are kept",
        )


def seed(given: Given) -> Iterator[Fault]:
    """Whether they depend on the run's seed is what `seeded` says."""
    first, backbone, other = _digest(given.weights), *given.again(1)
    depend = first != _digest(other)
    if depend and not given.spec.seeded:
        mend = "State seeded=True: else a run under another seed takes the record of the first for its own"
        yield Fault("under another seed it gives other weights, and seeded is False", mend)
    if not depend and given.spec.seeded and digest_of(backbone.module) != given.before:
        mend = "State seeded=False: else the same encoder is measured anew for every seed"
        yield Fault("under another seed it gives the same weights, and seeded is True", mend, "WARN")


def _digest(weights: Weights) -> str:
    return state_digest({name: tensor for name, tensor in weights.state.items() if isinstance(tensor, torch.Tensor)})


WEIGHTS_CHECKS: tuple[Check[Given], ...] = (state, load, source, preprocessing, digest, seed)
