"""`check_backbone`: does a backbone keep the contract?"""

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from artbench.protocol import Preprocessing
from artbench.runtime.findings import Finding
from artbench.runtime.machine import bears_bfloat16
from artbench.specs import BackboneSpec
from artbench.testing.built_backbone import BuiltBackbone, digest_of, make_built, noise, normalisation_faults, passed
from artbench.testing.checks import Check, Fault, PathLike, demand, examined, line, registered, some

# Cosine that features in bfloat16 must have with those in float32, and agreement of what should be the same.
_COSINE, _CLOSE = 0.999, 1e-3
# What the default protocol crops to, and what methods are trained with.
_OTHER_SIDES = (Preprocessing().size, 128)


def check_backbone(spec: BackboneSpec | str, *, plugins: Sequence[PathLike] = ()) -> None:
    """Build a backbone and put it to every check.

    Args:
        spec: The backbone, or its name among what plugins register.
        plugins: Python files that hold plugins, beside those that are installed.

    Raises:
        ContractError: It breaks the contract; lists every failure with what to change.
        UsageError: No backbone is called that.

    Examples:
        >>> from artbench.testing import check_backbone
        >>> check_backbone("colour-histogram")
    """
    if isinstance(spec, str):
        spec = registered(plugins).backbones.get(spec)
    demand(f"backbone {spec.name}", examine_backbone(spec))


def examine_backbone(spec: BackboneSpec) -> list[Finding]:
    """All findings about a backbone, those that pass among them.

    Examples:
        >>> from artbench.plugins import load_plugins
        >>> from artbench.testing import examine_backbone
        >>> spec = load_plugins().backbones.get("colour-histogram")
        >>> {finding.status for finding in examine_backbone(spec)}
        {'PASS'}
    """
    return examined(lambda: make_built(spec), [*FEATURE_CHECKS, *WEIGHT_CHECKS])


def name(built: BuiltBackbone) -> Iterator[Fault]:
    """The backbone is called as it was asked for."""
    # With two of a name, it is asked for as DISTRIBUTION:NAME.
    if built.backbone.name not in (built.spec.name, built.spec.name.rpartition(":")[2]):
        yield Fault(
            f"it is registered as {built.spec.name!r} and calls itself {built.backbone.name!r}",
            f"Return Backbone(name={built.spec.name!r}, …)",
        )


def preprocessing(built: BuiltBackbone) -> Iterator[Fault]:
    """Mean and std are stated, three numbers each, of RGB in [0, 1]."""
    yield from normalisation_faults(built.backbone.mean, built.backbone.std)


def shape(built: BuiltBackbone) -> Iterator[Fault]:
    """Features are pooled: shape (n, feature_dim)."""
    found, wanted = tuple(built.features.shape), (len(built.pictures), built.backbone.feature_dim)
    if len(found) != len(wanted):
        mend = "Pool over space or tokens, and flatten: one vector a picture"
        yield Fault(f"features of {wanted[0]} pictures have shape {found}", mend)
    elif found != wanted:
        mend = f"State feature_dim={found[1]}" if found[0] == wanted[0] else "Return one vector a picture"
        yield Fault(f"features of {wanted[0]} pictures have shape {found}, not {wanted}", mend)


def dtype(built: BuiltBackbone) -> Iterator[Fault]:
    """Features are float32, as the pictures are."""
    if built.features.dtype != torch.float32:
        yield Fault(f"features are {built.features.dtype}", "Compute in float32; artbench chooses bfloat16 by autocast")


def finite(built: BuiltBackbone) -> Iterator[Fault]:
    """Features are numbers, neither NaN nor infinite."""
    if not bool(built.features.isfinite().all()):
        yield Fault("features hold NaN or infinity", "Guard divisions and logarithms: noise and even pictures come too")
        return
    even = passed(built.backbone.module, torch.zeros_like(built.pictures[:1]))
    if not bool(even.isfinite().all()):
        yield Fault("features of an even picture hold NaN or infinity", "Guard divisions by a deviation or a norm")


def different(built: BuiltBackbone) -> Iterator[Fault]:
    """Different pictures have different features."""
    if bool((built.features == built.features[:1]).all()):
        yield Fault("three different pictures have the very same features", "Let the features depend on the picture")


def determinism(built: BuiltBackbone) -> Iterator[Fault]:
    """In eval mode, the same pictures give the same features."""
    if not _alike(built.features, passed(built.backbone.module, built.pictures)):
        yield Fault(
            "a second pass over the same pictures gives other features",
            "Draw nothing in eval mode: pass self.training to functional dropout, and keep networks in attributes "
            "of the module, where eval() reaches them",
        )


def batch_size(built: BuiltBackbone) -> Iterator[Fault]:
    """A picture has the same features alone as among others."""
    alone = torch.cat([passed(built.backbone.module, picture[None]) for picture in built.pictures])
    if alone.shape != built.features.shape or not _alike(built.features, alone):
        yield Fault(
            "a picture alone has other features than in a batch",
            "Compute nothing over the batch: batch normalisation uses its running statistics in eval mode, and no "
            "dimension of size 1 is squeezed but by number",
        )


def sizes(built: BuiltBackbone) -> Iterator[Fault]:
    """Pictures of every size that it says it takes are taken."""
    if built.backbone.input_size is not None:
        return
    for side in _OTHER_SIDES:
        try:
            gives = f"shape {tuple(passed(built.backbone.module, noise(1, side)).shape)}"
        except Exception as error:
            gives = line(error)
        if gives != f"shape {(1, built.backbone.feature_dim)}":
            mend = "State input_size, the side in pixels that it takes; None means any"
            yield Fault(f"input_size is None, and a picture of {side} x {side} gives {gives}", mend)


def input_kept(built: BuiltBackbone) -> Iterator[Fault]:
    """The pictures are left as they are."""
    pictures = built.pictures.clone()
    with torch.inference_mode():
        built.backbone.module(pictures)
    if not torch.equal(pictures, built.pictures):
        yield Fault("forward changes the pictures it is given", "Use no operation in place on the input")


def bfloat16(built: BuiltBackbone) -> Iterator[Fault]:
    """Under bfloat16 autocast, where hardware is fast at it, features stay the same to a cosine of 0.999."""
    try:
        with torch.autocast("cpu", torch.bfloat16):
            found = passed(built.backbone.module, built.pictures[:1]).float()
    except Exception as error:
        mend = "Don't mix dtypes by hand: cast to x.dtype, or switch autocast off for that part"
        yield Fault(f"under bfloat16 autocast it raises {line(error)}", mend)
        return
    cosine = torch.nn.functional.cosine_similarity(found, built.features[:1], dim=1).min()
    # Others are computed in float32 when features are extracted.
    if bears_bfloat16(built.backbone.module) and not cosine >= _COSINE:
        mend = "Compute what needs the precision under torch.autocast(…, enabled=False), in float32"
        yield Fault(f"features in bfloat16 agree with float32 only to a cosine of {cosine:.4f}", mend, "WARN")


def _alike(one: torch.Tensor, other: torch.Tensor) -> bool:
    scale = one.float().std().clamp(min=1e-12)
    return bool(((one - other).float().abs().max() / scale) <= _CLOSE)


FEATURE_CHECKS: tuple[Check[BuiltBackbone], ...] = (
    name,
    preprocessing,
    shape,
    dtype,
    finite,
    different,
    determinism,
    batch_size,
    sizes,
    input_kept,
    bfloat16,
)


def digest(built: BuiltBackbone) -> Iterator[Fault]:
    """Two builds under one seed have the same weights, and the state dict names all of them."""
    if digest_of(built.again().module) != digest_of(built.backbone.module):
        yield Fault(
            "two builds under one seed have different weights",
            "Draw from torch's global generator (torch.nn.init does), which artbench seeds before it calls the factory",
        )
        return
    other = built.again(seed=1).module
    other.load_state_dict(built.backbone.module.state_dict())
    if not _same(built, other):
        yield Fault(
            "a build under another seed gives other features with the same state dict: there are weights that the "
            "state dict does not name, so that no checkpoint sets them and no record tells them apart",
            "Keep parameters, buffers and networks in attributes of the module, or in ModuleList and ParameterList; "
            "not in a list, a closure, or a buffer with persistent=False",
        )


def state(built: BuiltBackbone) -> Iterator[Fault]:
    """A pass in eval mode changes nothing that the state dict names."""
    before = digest_of(built.backbone.module)
    passed(built.backbone.module, built.pictures)
    if digest_of(built.backbone.module) != before:
        yield Fault("a pass in eval mode changes the weights", "Update buffers only if self.training")


def own_tensors(built: BuiltBackbone) -> Iterator[Fault]:
    """Every call of the factory builds anew."""
    mine, other = _tensors(built.backbone.module), _tensors(built.again().module)
    shared = [name for name, place in mine.items() if place in set(other.values())]
    if shared:
        yield Fault(
            f"two calls of the factory share their tensors ({some(shared)}): weights loaded into one are in both",
            "Build the module inside the factory at every call; cache nothing that is trained or loaded into",
        )


def copies(built: BuiltBackbone) -> Iterator[Fault]:
    """The module can be copied with copy.deepcopy, and the copy computes the same; it need not be picklable."""
    # Features are extracted by threads with a copy each; training, filters and Grad-CAM copy it as well.
    # Nothing is sent to another process.
    try:
        copied = copy.deepcopy(built.backbone.module)
    except Exception as error:
        mend = "Keep locks, sessions, open files and tensors with a history out of the module, or define __deepcopy__"
        yield Fault(f"copy.deepcopy raises {line(error)}", mend)
        return
    if not _same(built, copied):
        yield Fault("a copy of the module gives other features", "Let the module use its own parts, through self")
    elif _mixed_up(built, copied):
        yield Fault(
            "two copies at work at the same time mix up their pictures: a hook keeps what it sees where both reach it",
            "Keep it on the module the hook is called with, and not in a variable outside; or compute without hooks",
        )


def settings(built: BuiltBackbone) -> Iterator[Fault]:
    """The factory leaves torch's settings, its seed and the working directory as they are."""
    for what, (before, after) in built.touched.items():
        if what == "seed of torch":
            mend = "Leave out torch.manual_seed: artbench seeds, so that --seed gives other weights"
            yield Fault(f"the factory seeds torch itself, with {after}", mend)
        else:
            yield Fault(f"the factory changes the {what} from {before} to {after}", f"Leave the {what} as it is")


def published(built: BuiltBackbone) -> Iterator[Fault]:
    """What it says its makers publish is named, and can be called."""
    claimed: Any = built.backbone.published
    for name, fetch in claimed.items():
        if not isinstance(name, str) or not callable(fetch):
            mend = "published maps the name of a pretraining, such as imagenet, to a function without arguments"
            yield Fault(f"published holds {name!r}: {fetch!r}", mend)


def _tensors(module: torch.nn.Module) -> dict[str, int]:
    named = [*module.named_parameters(), *module.named_buffers()]
    return {name: tensor.data_ptr() for name, tensor in named if tensor.numel()}


def _same(built: BuiltBackbone, module: torch.nn.Module) -> bool:
    found = passed(module, built.pictures)
    if found.shape != built.features.shape:
        return False
    scale = built.features.float().std().clamp(min=1e-12)
    return bool((found - built.features).float().abs().max() / scale <= _CLOSE)


def _mixed_up(built: BuiltBackbone, copied: torch.nn.Module) -> bool:
    """Whether the original, at work while the copy is, changes what the copy gives; tried where there are hooks."""
    # torch has no public way to ask for them.
    hooked = [part for part in copied.modules() if vars(part)["_forward_hooks"] or vars(part)["_forward_pre_hooks"]]
    others = built.pictures.flip(0)

    def interfere(*_: object) -> None:
        passed(built.backbone.module, others)

    handles = [part.register_forward_hook(interfere) for part in hooked]
    try:
        return bool(hooked) and not _same(built, copied)
    finally:
        for handle in handles:
            handle.remove()


WEIGHT_CHECKS: tuple[Check[BuiltBackbone], ...] = (digest, state, own_tensors, copies, settings, published)
