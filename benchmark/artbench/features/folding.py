"""Batch norms as a part of the convolutions before them."""

import torch
from torch.nn.utils.fusion import fuse_conv_bn_weights

from artbench.runtime.machine import without_tf32

# How far float32 may be from itself when sums are formed in another order, in parts of the largest value.
_TOLERANCE = 1e-4
# Side in pixels of a picture that is large enough for most networks, and through most of them in no time.
_SMALL = 64


def fold_norms(module: torch.nn.Module, *, side: int) -> None:
    """Fold the batch norms of a frozen network into its convolutions: one pass over memory less for each.

    In eval mode a batch norm is a scale and a shift of each channel, which the weights of the convolution before it
    can take over. On the CPU a ResNet-50 is a quarter faster for it, and features differ in the last bits.

    Which convolution feeds which norm is seen from one picture of noise on its way through the network. A pair is
    folded if of that picture it then makes what it made before; so convolutions that do more with their weights, and
    norms that do more than normalise, stay as they are. So does the whole, if in the end it gives something else, as
    one does that takes what is between the two to another place too.

    Args:
        module: In eval mode. Folded convolutions get new tensors; the old ones, which others may share, stay as
            they are.
        side: Of the square pictures that it takes, in pixels.
    """
    if not any(isinstance(part, torch.nn.BatchNorm2d) for part in module.modules()):
        return
    with without_tf32(), torch.no_grad():
        # Some networks take pictures of one size only, and fail if it is another.
        pairs = _pairs(module, min(_SMALL, side)) or _pairs(module, side)
        if pairs:
            _fold(module, pairs, side)


def _pairs(module: torch.nn.Module, side: int) -> list["_Pair"]:
    """What can be folded, by a picture of that size; nothing, if the network does not take it."""
    try:
        return _watched(module, _noise(module, side))
    except Exception:  # Whatever a foreign module raises: on pictures it will raise it where it is reported.
        return []


def _fold(module: torch.nn.Module, pairs: list["_Pair"], side: int) -> None:
    """Fold all pairs, or none if the network would then give something else."""
    noise = _noise(module, side)
    try:
        before = module(noise)
    except Exception:  # As above.
        return
    for pair in pairs:
        pair.swap()
    try:
        same = _close(module(noise), before)
    except Exception:  # As above.
        same = False
    if not same:
        for pair in reversed(pairs):
            pair.swap()


def _noise(module: torch.nn.Module, side: int) -> torch.Tensor:
    noise = torch.rand((1, 3, side, side), generator=torch.Generator().manual_seed(0)) * 4 - 2
    return noise.to(next(module.parameters()).device)


class _Pair:
    """A convolution and the batch norm that takes what it makes, folded or not."""

    def __init__(self, convolution: torch.nn.Conv2d, norm: torch.nn.BatchNorm2d) -> None:
        assert norm.running_mean is not None
        assert norm.running_var is not None
        self._convolution, self._norm = convolution, norm
        statistics = norm.running_mean, norm.running_var, norm.eps
        self._other: tuple[torch.Tensor, torch.Tensor | None, type[torch.nn.BatchNorm2d]] = (
            *fuse_conv_bn_weights(convolution.weight, convolution.bias, *statistics, norm.weight, norm.bias),
            _Folded,
        )

    def swap(self) -> None:
        """Fold the two, or undo it."""
        convolution, norm, other = self._convolution, self._norm, self._other
        self._other = convolution.weight, convolution.bias, type(norm)
        convolution.weight, convolution.bias, norm.__class__ = other

    def makes(self, given: torch.Tensor, *, of: torch.Tensor) -> bool:
        """Whether the two, once folded, make something of a batch; they are left unfolded."""
        self.swap()
        try:
            # Not by calling them, which would call the hooks that watch.
            return _close(self._norm.forward(self._convolution.forward(of)), given)
        finally:
            self.swap()


class _Folded(torch.nn.BatchNorm2d):
    """What is left of a batch norm: nothing, or the activation that timm makes a part of it."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002  torch calls it so
        """What came in, or its activation."""
        activation = getattr(self, "act", None)
        activated: torch.Tensor = input if activation is None else activation(input)
        return activated


def _watched(module: torch.nn.Module, batch: torch.Tensor) -> list[_Pair]:
    """The pairs that can be folded, each looked at when the batch has gone through it."""
    convolved: list[tuple[torch.nn.Conv2d, torch.Tensor, torch.Tensor]] = []
    pairs: list[_Pair] = []

    def after(part: torch.nn.Module, taken: tuple[torch.Tensor, ...], given: torch.Tensor) -> None:
        if isinstance(part, torch.nn.Conv2d):
            convolved.append((part, taken[0], given))
        elif isinstance(part, torch.nn.BatchNorm2d) and part.running_var is not None:
            for place, (convolution, before, between) in enumerate(convolved):
                if between is taken[0]:
                    del convolved[place]
                    pair = _Pair(convolution, part)
                    if pair.makes(given, of=before):
                        pairs.append(pair)
                    return

    # Weights that are made from other tensors can't be set.
    parts = [part for part in module.modules() if isinstance(part, torch.nn.BatchNorm2d) or _convolves(part)]
    hooks = [part.register_forward_hook(after) for part in parts]
    try:
        module(batch)
    finally:
        for hook in hooks:
            hook.remove()
    return pairs


def _convolves(part: torch.nn.Module) -> bool:
    return isinstance(part, torch.nn.Conv2d) and "weight" in dict(part.named_parameters(recurse=False))


def _close(found: torch.Tensor, expected: torch.Tensor) -> bool:
    return bool((found - expected).abs().max() <= _TOLERANCE * expected.abs().max())
