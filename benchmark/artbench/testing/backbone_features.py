"""The pictures a backbone wants, and the features it gives."""

from collections.abc import Iterator

import torch

from artbench.protocol import Picture
from artbench.runtime.precision import bears_bfloat16
from artbench.testing.built_backbone import Built, noise, passed
from artbench.testing.checks import Check, Fault, line
from artbench.testing.preprocessing import normalisation_faults

# Cosine that features in bfloat16 must have with those in float32, and agreement of what should be the same.
_COSINE, _CLOSE = 0.999, 1e-3
# What the default protocol crops to, and what methods are trained with.
_OTHER_SIDES = (Picture().size, 128)


def name(built: Built) -> Iterator[Fault]:
    """The backbone is called as it was asked for."""
    # With two of a name, it is asked for as DISTRIBUTION:NAME.
    if built.backbone.name not in (built.spec.name, built.spec.name.rpartition(":")[2]):
        yield Fault(
            f"it is registered as {built.spec.name!r} and calls itself {built.backbone.name!r}",
            f"Return Backbone(name={built.spec.name!r}, …)",
        )


def preprocessing(built: Built) -> Iterator[Fault]:
    """Mean and std are stated, three numbers each, of RGB in [0, 1]."""
    yield from normalisation_faults(built.backbone.mean, built.backbone.std)


def shape(built: Built) -> Iterator[Fault]:
    """Features are pooled: shape (n, feature_dim)."""
    found, wanted = tuple(built.features.shape), (len(built.pictures), built.backbone.feature_dim)
    if len(found) != len(wanted):
        mend = "Pool over space or tokens, and flatten: one vector a picture"
        yield Fault(f"features of {wanted[0]} pictures have shape {found}", mend)
    elif found != wanted:
        mend = f"State feature_dim={found[1]}" if found[0] == wanted[0] else "Return one vector a picture"
        yield Fault(f"features of {wanted[0]} pictures have shape {found}, not {wanted}", mend)


def dtype(built: Built) -> Iterator[Fault]:
    """Features are float32, as the pictures are."""
    if built.features.dtype != torch.float32:
        yield Fault(f"features are {built.features.dtype}", "Compute in float32; artbench chooses bfloat16 by autocast")


def finite(built: Built) -> Iterator[Fault]:
    """Features are numbers, neither NaN nor infinite."""
    if not bool(built.features.isfinite().all()):
        yield Fault("features hold NaN or infinity", "Guard divisions and logarithms: noise and even pictures come too")
        return
    even = passed(built.backbone.module, torch.zeros_like(built.pictures[:1]))
    if not bool(even.isfinite().all()):
        yield Fault("features of an even picture hold NaN or infinity", "Guard divisions by a deviation or a norm")


def different(built: Built) -> Iterator[Fault]:
    """Different pictures have different features."""
    if bool((built.features == built.features[:1]).all()):
        yield Fault("three different pictures have the very same features", "Let the features depend on the picture")


def determinism(built: Built) -> Iterator[Fault]:
    """In eval mode, the same pictures give the same features."""
    if not _alike(built.features, passed(built.backbone.module, built.pictures)):
        yield Fault(
            "a second pass over the same pictures gives other features",
            "Draw nothing in eval mode: pass self.training to functional dropout, and keep networks in attributes "
            "of the module, where eval() reaches them",
        )


def batch_size(built: Built) -> Iterator[Fault]:
    """A picture has the same features alone as among others."""
    alone = torch.cat([passed(built.backbone.module, picture[None]) for picture in built.pictures])
    if alone.shape != built.features.shape or not _alike(built.features, alone):
        yield Fault(
            "a picture alone has other features than in a batch",
            "Compute nothing over the batch: batch normalisation uses its running statistics in eval mode, and no "
            "dimension of size 1 is squeezed but by number",
        )


def sizes(built: Built) -> Iterator[Fault]:
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


def input_kept(built: Built) -> Iterator[Fault]:
    """The pictures are left as they are."""
    pictures = built.pictures.clone()
    with torch.inference_mode():
        built.backbone.module(pictures)
    if not torch.equal(pictures, built.pictures):
        yield Fault("forward changes the pictures it is given", "Use no operation in place on the input")


def bfloat16(built: Built) -> Iterator[Fault]:
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


FEATURE_CHECKS: tuple[Check[Built], ...] = (
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
