"""The maps themselves: Grad-CAM, guided backpropagation, and their product."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from captum.attr import GuidedBackprop, LayerAttribution, LayerGradCam
from numpy.typing import NDArray

from artbench.explain.gradcam.model import ProbedEncoder
from artbench.explain.gradcam.stages import hook_point
from artbench.explain.layers import MapLayer

# Few, so that what passes between two layers stays small.
_BATCH = 3
# What autograd calls the backward pass of each; a clipped ReLU is a ReLU.
_RELU = {"ReluBackward0", "HardtanhBackward0"}
_OTHERS = {
    "GeluBackward0": "GELU",
    "SiluBackward0": "SiLU",
    "HardswishBackward0": "hard swish",
    "MishBackward0": "Mish",
    "EluBackward0": "ELU",
    "LeakyReluBackward0": "leaky ReLU",
    "PreluKernelBackward0": "PReLU",
    "SoftplusBackward0": "softplus",
}


@dataclass(frozen=True, kw_only=True)
class Maps:
    """What some pictures owe one logit each to.

    Attributes:
        grid: Grad-CAM as the layer has it, after its ReLU: float32, shape (n, h, w).
        grad_cam: The same, bilinear, in the size of the pictures: float32, shape (n, height, width).
        guided: Guided backpropagation: float32, shape (n, height, width, 3); None where it is refused.
        guided_grad_cam: Its product with Grad-CAM; likewise.
    """

    grid: NDArray[np.float32]
    grad_cam: NDArray[np.float32]
    guided: NDArray[np.float32] | None
    guided_grad_cam: NDArray[np.float32] | None


class Explainer:
    """Makes maps with captum, as many pictures at a time as the device likes.

    Args:
        model: The network; a view of the layer may be put into it.
        place: The layer for Grad-CAM.
        guided: Whether guided backpropagation applies (`refusal`).
    """

    def __init__(self, model: ProbedEncoder, place: MapLayer, *, guided: bool) -> None:
        self.model, self.place = model, place
        self._grad_cam = LayerGradCam(model, hook_point(model, place))
        self._guided = GuidedBackprop(model) if guided else None

    def __call__(self, pixels: NDArray[np.uint8], classes: NDArray[np.int64]) -> Maps:
        """Maps of pictures, uint8 of shape (n, height, width, 3), for the logit of one class each, shape (n,).

        Grad-CAM (Selvaraju et al. 2017) weighs the channels of the layer by the mean gradient of the logit, adds
        them up and keeps what is positive. Guided backpropagation (Springenberg et al. 2015) is the gradient of the
        logit with respect to the pixels, of which every ReLU lets through the positive part alone.
        """
        batches = [self._batch(*batch) for batch in _batches(pixels, classes)]
        grids, ups, guided = (list(parts) for parts in zip(*batches, strict=True))
        whole = None if self._guided is None else np.concatenate(guided)
        grad_cam = np.concatenate(ups)
        return Maps(
            grid=np.concatenate(grids),
            grad_cam=grad_cam,
            guided=whole,
            guided_grad_cam=None if whole is None else whole * grad_cam[..., None],
        )

    def _batch(
        self, pixels: NDArray[np.uint8], classes: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        pictures = self.model.pictures(pixels).requires_grad_(True)
        target = torch.from_numpy(classes).to(pictures.device)
        grid: torch.Tensor = self._grad_cam.attribute(pictures, target, relu_attributions=True).detach()
        up = LayerAttribution.interpolate(grid, tuple(pictures.shape[2:]), "bilinear")
        guided = torch.empty(0)
        if self._guided is not None:
            with warnings.catch_warnings():
                # That it sets hooks for the time being.
                warnings.simplefilter("ignore", UserWarning)
                guided = self._guided.attribute(pictures, target).detach().permute(0, 2, 3, 1)
        return _array(grid[:, 0]), _array(up[:, 0]), _array(guided)


def _batches(
    pixels: NDArray[np.uint8], classes: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.int64]]]:
    for start in range(0, len(pixels), _BATCH):
        yield pixels[start : start + _BATCH], classes[start : start + _BATCH]


def _array(values: torch.Tensor) -> NDArray[np.float32]:
    found: NDArray[np.float32] = np.ascontiguousarray(values.float().cpu().numpy())
    return found


def refusal(model: ProbedEncoder, place: MapLayer, *, side: int) -> str | None:
    """Why guided backpropagation (Springenberg et al. 2015) is not offered for a network; None if it is.

    Read off the graph of one forward pass, so that activations that are no modules are seen as well. Without this
    check, a network without `torch.nn.ReLU` would get plain gradients under the name of guided ones.

    Args:
        model: The network.
        place: Where its map is, which decides what is named in its stead.
        side: Of the square pictures in pixels.
    """
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    hooks = [part.register_forward_hook(count) for part in model.modules() if isinstance(part, torch.nn.ReLU)]
    try:
        with torch.enable_grad():
            picture = torch.full((1, 3, side, side), 127.0, device=model.mean.device, requires_grad=True)
            nodes = _nodes(model(picture))
    finally:
        for hook in hooks:
            hook.remove()
    others = sorted({_OTHERS[node] for node in nodes if node in _OTHERS})
    instead = "attention rollout or integrated gradients" if place.kind == "tokens" else "integrated gradients"
    rule = f"guided backpropagation is a rule for ReLU, and {model.backbone} has"
    if others:
        return f"{rule} {' and '.join(others)}: use {instead}"
    relus = sum(node in _RELU for node in nodes)
    if not relus:
        return f"{rule} none: use {instead}"
    if relus > calls:
        beyond = f"{relus - calls} ReLUs of {model.backbone} that are no modules"
        return f"guided backpropagation can't reach {beyond}: use {instead}"
    return None


def _nodes(logits: torch.Tensor) -> list[str]:
    """The names of all steps of the backward pass."""
    first = logits.grad_fn
    assert first is not None
    seen, names, waiting = {first}, [], [first]
    while waiting:
        node = waiting.pop()
        names.append(node.name())
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                waiting.append(following)
    return names
