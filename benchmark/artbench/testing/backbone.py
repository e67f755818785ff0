"""Checks of a backbone."""

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from artbench.encoders.readout import places, read_out
from artbench.errors import ArtbenchError
from artbench.protocol import Preprocessing
from artbench.runtime.findings import Finding
from artbench.runtime.machine import tolerates_bfloat16
from artbench.specs import BackboneSpec
from artbench.testing import checks
from artbench.testing.built_backbone import BuiltBackbone, build_and_run, check_mean_and_std, digest_of, forward, noise
from artbench.testing.checks import Fault, line
from artbench.testing.text_side import texts

# Least cosine between features in bfloat16 and in float32; largest difference, in standard deviations, of equal ones.
_COSINE, _CLOSE = 0.999, 1e-3
# Passes that are compared with the first one.
_PASSES = 3


def check_backbone(spec: BackboneSpec | str, *, plugins: Sequence[checks.PathLike] = ()) -> None:
    """Build a backbone and run every check on it.

    Args:
        spec: The backbone, or its registered name.
        plugins: Python files that hold plugins, in addition to the installed ones.

    Raises:
        ContractError: It breaks the contract; lists every failure with what to change.
        UsageError: No backbone has that name.

    Examples:
        >>> from artbench.testing import check_backbone
        >>> check_backbone("colour-histogram")
    """
    if isinstance(spec, str):
        spec = checks.registered(plugins).backbones.get(spec)
    checks.demand(f"backbone {spec.name}", examine_backbone(spec))


def examine_backbone(spec: BackboneSpec) -> list[Finding]:
    """Return every finding about a backbone, including the checks that pass.

    Examples:
        >>> from artbench.plugins import load_plugins
        >>> from artbench.testing import examine_backbone
        >>> spec = load_plugins().backbones.get("colour-histogram")
        >>> {finding.status for finding in examine_backbone(spec)}
        {'PASS'}
    """
    return checks.run_checks(lambda: build_and_run(spec), [*FEATURE_CHECKS, *WEIGHT_CHECKS])


def name(built: BuiltBackbone) -> Iterator[Fault]:
    """The backbone has the name that it is registered with."""
    own, wanted = built.backbone.name, built.spec.name
    # Where two plugins use a name, it is DISTRIBUTION:NAME.
    if own not in (wanted, wanted.rpartition(":")[2]):
        yield Fault(f"it is registered as {wanted!r}, but its name is {own!r}", f"Return Backbone(name={wanted!r}, …)")


def preprocessing(built: BuiltBackbone) -> Iterator[Fault]:
    """Mean and std are three numbers each, of RGB in [0, 1]."""
    yield from check_mean_and_std(built.backbone.mean, built.backbone.std)


def shape(built: BuiltBackbone) -> Iterator[Fault]:
    """Features are pooled: shape (n, feature_dim)."""
    found, wanted = tuple(built.features.shape), (len(built.images), built.backbone.feature_dim)
    if len(found) != len(wanted):
        mend = "Pool over space or tokens, and flatten: one vector per image"
        yield Fault(f"features of {wanted[0]} images have shape {found}", mend)
    elif found != wanted:
        mend = f"State feature_dim={found[1]}" if found[0] == wanted[0] else "Return one vector per image"
        yield Fault(f"features of {wanted[0]} images have shape {found}, not {wanted}", mend)


def dtype(built: BuiltBackbone) -> Iterator[Fault]:
    """Features are float32, as the images are."""
    if built.features.dtype != torch.float32:
        yield Fault(f"features are {built.features.dtype}", "Compute in float32; artbench chooses bfloat16 by autocast")


def finite(built: BuiltBackbone) -> Iterator[Fault]:
    """Features are finite."""
    if not bool(built.features.isfinite().all()):
        yield Fault("features contain NaN or infinity", "Guard divisions and logarithms")
    elif not bool(forward(built.backbone.module, torch.zeros_like(built.images[:1])).isfinite().all()):
        mend = "Guard divisions by a standard deviation or a norm"
        yield Fault("features of an image of one colour contain NaN or infinity", mend)


def different(built: BuiltBackbone) -> Iterator[Fault]:
    """Different images have different features."""
    if bool((built.features == built.features[:1]).all()):
        yield Fault("three different images have the same features", "Let the features depend on the image")


def determinism(built: BuiltBackbone) -> Iterator[Fault]:
    """In eval mode, the same images give the same features."""
    # More than one: dropout of a few numbers may by chance drop the same ones twice.
    if not all(_same(built, forward(built.backbone.module, built.images)) for _ in range(_PASSES)):
        mend = "Use no random numbers in eval mode: pass self.training to functional dropout, and keep networks in "
        mend += "attributes of the module, where eval() reaches them"
        yield Fault("a second pass over the same images gives different features", mend)


def batch_size(built: BuiltBackbone) -> Iterator[Fault]:
    """An image has the same features alone as in a batch."""
    if not _same(built, torch.cat([forward(built.backbone.module, image[None]) for image in built.images])):
        mend = "In eval mode, batch normalisation uses running statistics; a dimension of size 1 is squeezed by number"
        yield Fault("an image alone has different features than in a batch", mend)


def sizes(built: BuiltBackbone) -> Iterator[Fault]:
    """Images of any size are accepted, unless input_size states one."""
    if built.backbone.input_size is not None:
        return
    # The crop of the default protocol, and the one that methods are trained with.
    for side in (Preprocessing().size, 128):
        try:
            result = f"shape {tuple(forward(built.backbone.module, noise(1, side)).shape)}"
        except Exception as error:
            result = line(error)
        if result != f"shape {(1, built.backbone.feature_dim)}":
            mend = "State input_size, the side in pixels that it takes; None means any"
            yield Fault(f"input_size is None, and an image of {side} x {side} gives {result}", mend)


def variants(built: BuiltBackbone) -> Iterator[Fault]:
    """Every layer, every pool and every value that is offered gives features."""
    backbone = built.backbone
    try:
        offered = [] if backbone.layers is None else places(backbone)
        read = read_out(backbone, offered)[0] if offered else None
        if read is not None and not bool(forward(read, built.images).isfinite().all()):
            yield Fault("features of a layer or a pool contain NaN or infinity", "Guard divisions and logarithms")
    except Exception as error:
        # An ArtbenchError of its own says that it has no variants by layer and pool.
        if (raised := error.__cause__ if isinstance(error, ArtbenchError) else error) is not None:
            mend = (
                "Let Layers name submodules that give maps (n, channels, height, width) or tokens (n, tokens, channels)"
            )
            yield Fault(f"its layers can't be read: {line(raised)}", mend)
    for key, values in built.spec.variants.items():
        for value in values:
            try:
                checks.factory_of(built.spec.factory)(**{key: value})
            except Exception as error:
                mend = f"Let the factory take {key}={value!r}, or leave it out of variants"
                yield Fault(f"@{key}={value} is offered, and the factory raises {line(error)}", mend)


def input_kept(built: BuiltBackbone) -> Iterator[Fault]:
    """The forward pass does not change its input."""
    images = built.images.clone()
    with torch.inference_mode():
        built.backbone.module(images)
    if not torch.equal(images, built.images):
        yield Fault("forward changes the images it is given", "Use no operation in place on the input")


def bfloat16(built: BuiltBackbone) -> Iterator[Fault]:
    """Under bfloat16 autocast, where hardware is fast at it, features agree with float32 to a cosine of 0.999."""
    try:
        with torch.autocast("cpu", torch.bfloat16):
            found = forward(built.backbone.module, built.images[:1]).float()
    except Exception as error:
        mend = "Don't mix dtypes by hand: cast to x.dtype, or switch autocast off for that part"
        yield Fault(f"under bfloat16 autocast it raises {line(error)}", mend)
        return
    cosine = torch.nn.functional.cosine_similarity(found, built.features[:1], dim=1).min()
    # Features of other networks are extracted in float32.
    if tolerates_bfloat16(built.backbone.module) and not cosine >= _COSINE:
        mend = "Compute what needs the precision under torch.autocast(…, enabled=False), in float32"
        yield Fault(f"features in bfloat16 agree with float32 only to a cosine of {cosine:.4f}", mend, "WARN")


def digest(built: BuiltBackbone) -> Iterator[Fault]:
    """Two builds under one seed have the same weights, and the state dict contains all of them."""
    if digest_of(built.again().module.state_dict()) != digest_of(built.backbone.module.state_dict()):
        mend = "Draw from torch's global generator, as torch.nn.init does: artbench seeds it before each call"
        yield Fault("two builds under one seed have different weights", mend)
        return
    other = built.again(seed=1).module
    other.load_state_dict(built.backbone.module.state_dict())
    if not _same(built, forward(other, built.images)):
        message = "another build with the same state dict gives different features: some weights it does not name"
        mend = "Keep parameters, buffers and networks in attributes of the module, or in ModuleList and ParameterList; "
        yield Fault(message, mend + "not in a list, a closure, or a buffer with persistent=False")


def state(built: BuiltBackbone) -> Iterator[Fault]:
    """A pass in eval mode changes nothing in the state dict."""
    before = digest_of(built.backbone.module.state_dict())
    forward(built.backbone.module, built.images)
    if digest_of(built.backbone.module.state_dict()) != before:
        yield Fault("a pass in eval mode changes the weights", "Update buffers only if self.training")


def own_tensors(built: BuiltBackbone) -> Iterator[Fault]:
    """Every call of the factory builds a new network."""
    own, other = (
        {name: t.data_ptr() for name, t in (*module.named_parameters(), *module.named_buffers()) if t.numel()}
        for module in (built.backbone.module, built.again().module)
    )
    if shared := [name for name, address in own.items() if address in other.values()]:
        mend = "Build the module inside the factory at every call; cache nothing that is trained or loaded into"
        yield Fault(f"two calls of the factory share tensors: {checks.some(shared)}", mend)


def copies(built: BuiltBackbone) -> Iterator[Fault]:
    """The module can be copied with copy.deepcopy, and the copy computes the same; it need not be picklable."""
    # Feature extraction gives each thread a copy; training, filters and Grad-CAM copy it as well.
    try:
        copied = copy.deepcopy(built.backbone.module)
    except Exception as error:
        mend = "Keep locks, sessions, open files and tensors with a history out of the module, or define __deepcopy__"
        yield Fault(f"copy.deepcopy raises {line(error)}", mend)
        return
    if not _same(built, forward(copied, built.images)):
        yield Fault("a copy of the module gives different features", "Let the module use its own parts, through self")
    elif _mixed_up(built, copied):
        message = "two copies that run at the same time mix up their images: a hook stores them where both reach them"
        mend = "Store them on the module that the hook is called with, not in an outer variable; or do without hooks"
        yield Fault(message, mend)


def settings(built: BuiltBackbone) -> Iterator[Fault]:
    """The factory leaves torch's settings, its seed and the working directory unchanged."""
    for what, (before, after) in built.changed.items():
        if what == "seed of torch":
            yield Fault(f"the factory seeds torch itself, with {after}", "Leave out torch.manual_seed: --seed sets it")
        else:
            yield Fault(f"the factory changes the {what} from {before} to {after}", f"Leave the {what} as it is")


def published(built: BuiltBackbone) -> Iterator[Fault]:
    """Published weights are named, and their functions can be called."""
    weights: Any = built.backbone.published
    for name, fetch in weights.items():
        if not isinstance(name, str) or not callable(fetch):
            mend = "published maps the name of a pretraining, such as imagenet, to a function without arguments"
            yield Fault(f"published contains {name!r}: {fetch!r}", mend)


def _same(built: BuiltBackbone, features: torch.Tensor) -> bool:
    """Whether features equal the backbone's, up to rounding."""
    if features.shape != built.features.shape:
        return False
    scale = built.features.float().std().clamp(min=1e-12)
    return bool((features - built.features).float().abs().max() / scale <= _CLOSE)


def _mixed_up(built: BuiltBackbone, copied: torch.nn.Module) -> bool:
    """Whether running the original during a pass of the copy changes the copy's features; needs hooks."""
    # torch has no public way to list hooks.
    hooked = [part for part in copied.modules() if vars(part)["_forward_hooks"] or vars(part)["_forward_pre_hooks"]]

    def interfere(*_: object) -> None:
        forward(built.backbone.module, built.images.flip(0))

    handles = [part.register_forward_hook(interfere) for part in hooked]
    try:
        return bool(hooked) and not _same(built, forward(copied, built.images))
    finally:
        for handle in handles:
            handle.remove()


FEATURE_CHECKS = [
    name,
    preprocessing,
    shape,
    dtype,
    finite,
    different,
    determinism,
    batch_size,
    sizes,
    variants,
    input_kept,
]
WEIGHT_CHECKS = [bfloat16, digest, state, own_tensors, copies, settings, published, texts]
