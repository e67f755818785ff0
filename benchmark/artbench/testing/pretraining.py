"""`check_pretraining`: does a pretraining keep the contract?"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from artbench.data.dataset import Dataset
from artbench.encoders.backbone import Backbone
from artbench.encoders.build import build_backbone, load_weights, seeded
from artbench.encoders.weights import Weights, state_digest
from artbench.errors import ArtbenchError
from artbench.runtime.findings import Finding
from artbench.specs import BackboneSpec, PretrainingSpec
from artbench.testing.built_backbone import digest_of, normalisation_faults
from artbench.testing.checks import (
    Broken,
    Check,
    Fault,
    PathLike,
    demand,
    examined,
    factory_of,
    line,
    registered,
    shortened,
    some,
)
from artbench.testing.method import METHOD_CHECKS, trained
from artbench.testing.tiny import BACKBONE

# The root of a file system, a home, a drive.
_LOCAL = re.compile(r"(^|[\s(])(/|~/|[A-Za-z]:\\)")


def check_pretraining(
    spec: PretrainingSpec | str,
    *,
    backbone: BackboneSpec | str | None = None,
    pictures: Dataset | None = None,
    settings: Mapping[str, Any] | None = None,
    plugins: Sequence[PathLike] = (),
) -> None:
    """Give a backbone its weights, or train one for a few steps, and put what comes out to every check.

    Args:
        spec: The pretraining, or its name among what plugins register.
        backbone: The backbone, or its name; None: a network of a few thousand parameters. One that the pretraining has
            weights for.
        pictures: To train on; None: 36 small ones, painted for it.
        settings: Of a method that trains, beside the few steps on small crops that the checks set.
        plugins: Python files that hold plugins, beside those that are installed.

    Raises:
        ContractError: It breaks the contract; lists every failure with what to change.
        UsageError: No pretraining or backbone is called that.
        ArtbenchError: The pretraining has no weights for the backbone, so that nothing could be checked.

    Examples:
        >>> from artbench.testing import check_pretraining
        >>> check_pretraining("random")
    """
    registry = registered(plugins)
    if isinstance(spec, str):
        spec = registry.pretrainings.get(spec)
    if isinstance(backbone, str):
        backbone = registry.backbones.get(backbone)
    found = examine_pretraining(spec, backbone=backbone, pictures=pictures, settings=settings)
    demand(f"pretraining {spec.name}", found)


def examine_pretraining(
    spec: PretrainingSpec,
    *,
    backbone: BackboneSpec | None = None,
    pictures: Dataset | None = None,
    settings: Mapping[str, Any] | None = None,
) -> list[Finding]:
    """All findings about a pretraining, those that pass among them.

    Args:
        spec: The pretraining.
        backbone: See `check_pretraining`.
        pictures: See `check_pretraining`.
        settings: See `check_pretraining`.

    Raises:
        ArtbenchError: The pretraining has no weights for the backbone.

    Examples:
        >>> from artbench.plugins import load_plugins
        >>> from artbench.testing import examine_pretraining
        >>> spec = load_plugins().pretrainings.get("random")
        >>> {finding.status for finding in examine_pretraining(spec)}
        {'PASS'}
    """
    network = backbone or BACKBONE
    if spec.method is None:
        return examined(lambda: make_given(spec, network), WEIGHTS_CHECKS)
    with trained(spec, network, pictures, settings or {}) as make:
        return examined(make, METHOD_CHECKS)


@dataclass(frozen=True, kw_only=True)
class GivenWeights:
    """Weights for one backbone.

    Attributes:
        spec: What was registered.
        factory: Gives weights.
        network: The backbone they are for.
        backbone: Built under seed 0, as it was handed over.
        before: Digest of the backbone's weights before that.
        weights: What came.
    """

    spec: PretrainingSpec
    factory: Callable[[Backbone], Any]
    network: BackboneSpec
    backbone: Backbone
    before: str
    weights: Weights

    def again(self, seed: int) -> tuple[Backbone, Weights]:
        """Another backbone, and the weights for it."""
        return _given(self.factory, self.network, seed)[::2]


def make_given(spec: PretrainingSpec, network: BackboneSpec) -> GivenWeights:
    """Ask for the weights of a backbone.

    Raises:
        Broken: The factory fails, or gives something else.
        ArtbenchError: There are no weights for it.
    """
    assert spec.weights is not None
    factory = factory_of(spec.weights, name="weights")
    backbone, before, weights = _given(factory, network, 0)
    return GivenWeights(spec=spec, factory=factory, network=network, backbone=backbone, before=before, weights=weights)


def _given(factory: Callable[[Backbone], Any], network: BackboneSpec, seed: int) -> tuple[Backbone, str, Weights]:
    with seeded(seed):
        backbone = build_backbone(network)
        before = digest_of(backbone.module)
        try:
            weights = factory(backbone)
        except ArtbenchError as error:
            raise ArtbenchError(
                f"it has no weights for the backbone {network.name} ({error.message})",
                mend="Name one that it has weights for: check_pretraining(…, backbone=…), or --backbone",
            ) from error
        except Exception as error:
            mend = "Raise ArtbenchError(what is wrong, mend=what to do) for a backbone that it has no weights for"
            raise Broken("weights", Fault(f"for {network.name} the factory raises {line(error)}", mend)) from error
    if not isinstance(weights, Weights):
        mend = "Return artbench.encoders.weights.Weights"
        raise Broken("weights", Fault(f"the factory returns a {type(weights).__name__}, not Weights", mend))
    return backbone, before, weights


def state(given: GivenWeights) -> Iterator[Fault]:
    """Weights are tensors by their names in the backbone's module."""
    odd = [str(name) for name, tensor in given.weights.state.items() if not isinstance(tensor, torch.Tensor)]
    if odd:
        yield Fault(f"{len(odd)} of its weights are no tensors: {some(odd)}", "Give a state dict")
    own = set(given.backbone.module.state_dict())
    others = [name for name in given.weights.state if name not in own]
    if others and len(others) < len(given.weights.state):
        mend = "Leave them out, or users are told of them at every run"
        yield Fault(f"{len(others)} of its weights are none of {given.network.name}: {some(others)}", mend, "WARN")


def load(given: GivenWeights) -> Iterator[Fault]:
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


def source(given: GivenWeights) -> Iterator[Fault]:
    """Where the weights are from is said in a few words, without a local folder."""
    said = given.weights.source
    if not isinstance(said, str) or not said.strip() or "\n" in said:
        yield Fault(f"source is {said!r}", "Say in one line where the weights are from: it goes on record")
    elif _LOCAL.search(said):
        mend = "Name the weights and not where they lie on this machine: it goes on record"
        yield Fault(f"source names a local folder: {shortened(said)}", mend)


def preprocessing(given: GivenWeights) -> Iterator[Fault]:
    """Mean and std, where the weights bring their own, are three numbers each, of RGB in [0, 1]."""
    mean, std = given.weights.mean, given.weights.std
    yield from normalisation_faults((0, 0, 0) if mean is None else mean, (1, 1, 1) if std is None else std)


def digest(given: GivenWeights) -> Iterator[Fault]:
    """Two calls under one seed give the same weights."""
    if _digest(given.again(0)[1]) != _digest(given.weights):
        yield Fault(
            "two calls under one seed give other weights",
            "Draw from torch's global generator, which artbench seeds; or read them from where they are kept",
        )


def seed(given: GivenWeights) -> Iterator[Fault]:
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


WEIGHTS_CHECKS: tuple[Check[GivenWeights], ...] = (state, load, source, preprocessing, digest, seed)
