"""Folding batch norms into the convolutions before them, where the network's output stays the same."""

import torch
from torch.nn.utils.fusion import fuse_conv_bn_weights

from artbench.runtime.machine import without_tf32

# Largest deviation of float32 sums in another order, relative to the largest value.
_TOLERANCE = 1e-4
# Side in pixels of an image that most networks take, and compute quickly.
_SMALL = 64


def fold_norms(module: torch.nn.Module, *, side: int) -> None:
    """Fold the batch norms of a frozen network into its convolutions, which saves a pass over memory for each.

    In eval mode a batch norm is a scale and a shift of each channel, which the weights of the convolution before it
    can include. On the CPU this makes a ResNet-50 a quarter faster; features differ in the last bits.

    An image of noise, sent through the network, shows which convolution feeds which norm. A pair is folded if its
    output for that image stays the same, and all pairs are restored if the output of the network changes: a network
    may also use what lies between the two.

    Args:
        module: Network in eval mode. Folded convolutions get new tensors; the old ones, which may be shared, are not
            changed.
        side: Side in pixels of the square images that it takes.
    """
    if not any(isinstance(part, torch.nn.BatchNorm2d) for part in module.modules()):
        return
    with without_tf32(), torch.no_grad():
        # Some networks take images of one size only.
        pairs = _pairs(module, min(_SMALL, side)) or _pairs(module, side)
        if pairs:
            _fold(module, pairs, side)


def _pairs(module: torch.nn.Module, side: int) -> list["_Pair"]:
    """Return the pairs that can be folded; none if the network does not take images of that size."""
    try:
        return _find_pairs(module, _noise(module, side))
    except Exception:  # A plugin's module may raise anything; on images it does so where it is reported.
        return []


def _fold(module: torch.nn.Module, pairs: list["_Pair"], side: int) -> None:
    """Fold all pairs, or none if that changes the output of the network."""
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
    """A convolution and the batch norm that takes its output, folded or not."""

    def __init__(self, convolution: torch.nn.Conv2d, norm: torch.nn.BatchNorm2d) -> None:
        assert norm.running_mean is not None
        assert norm.running_var is not None
        self._convolution, self._norm = convolution, norm
        statistics = norm.running_mean, norm.running_var, norm.eps
        fused = fuse_conv_bn_weights(convolution.weight, convolution.bias, *statistics, norm.weight, norm.bias)
        self._other: tuple[torch.Tensor, torch.Tensor | None, type[torch.nn.BatchNorm2d]] = *fused, _Folded

    def swap(self) -> None:
        """Fold the two, or restore them."""
        convolution, norm, other = self._convolution, self._norm, self._other
        self._other = convolution.weight, convolution.bias, type(norm)
        convolution.weight, convolution.bias, norm.__class__ = other

    def makes(self, output: torch.Tensor, *, of: torch.Tensor) -> bool:
        """Return whether the pair, once folded, turns `of` into `output`; it is left unfolded."""
        self.swap()
        try:
            # Not by calling the modules, which would call the hooks of `_find_pairs`.
            return _close(self._norm.forward(self._convolution.forward(of)), output)
        finally:
            self.swap()


class _Folded(torch.nn.BatchNorm2d):
    """A folded batch norm: the identity, or the activation that timm makes part of a norm."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002  torch calls it so
        """Return the input, activated if the norm has an activation."""
        activation = getattr(self, "act", None)
        activated: torch.Tensor = input if activation is None else activation(input)
        return activated


def _find_pairs(module: torch.nn.Module, batch: torch.Tensor) -> list[_Pair]:
    """Find the pairs that can be folded, each tested while the batch passes through it."""
    convolved: list[tuple[torch.nn.Conv2d, torch.Tensor, torch.Tensor]] = []
    pairs: list[_Pair] = []

    def after(part: torch.nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        if isinstance(part, torch.nn.Conv2d):
            convolved.append((part, inputs[0], output))
        elif isinstance(part, torch.nn.BatchNorm2d) and part.running_var is not None:
            for place, (convolution, before, between) in enumerate(convolved):
                if between is inputs[0]:
                    del convolved[place]
                    pair = _Pair(convolution, part)
                    if pair.makes(output, of=before):
                        pairs.append(pair)
                    return

    # Weights that are computed from other tensors can't be set.
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
