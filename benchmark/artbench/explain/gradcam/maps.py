"""The maps themselves: Grad-CAM, guided backpropagation, and their product."""

import warnings
from contextlib import ExitStack
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
    """Maps of n images, each for one logit.

    Attributes:
        grid: Grad-CAM on the grid of its layer, after its ReLU: float32, shape (n, h, w).
        grad_cam: The same, bilinear, in the size of the images: float32, shape (n, height, width).
        guided: Guided backpropagation: float32, shape (n, height, width, 3); None where it is refused.
        guided_grad_cam: The product of both, of the same shape; None where `guided` is.
    """

    grid: NDArray[np.float32]
    grad_cam: NDArray[np.float32]
    guided: NDArray[np.float32] | None = None
    guided_grad_cam: NDArray[np.float32] | None = None


class Explainer:
    """Makes maps with captum, a few images at a time.

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
        """Make maps of images, uint8 of shape (n, height, width, 3), for the logit of one class each, shape (n,).

        Grad-CAM (Selvaraju et al. 2017) weighs the channels of the layer by the mean gradient of the logit, adds
        them up and keeps what is positive. Guided backpropagation (Springenberg et al. 2015) is the gradient of the
        logit with respect to the pixels, of which every ReLU lets through the positive part alone.
        """
        parts = [slice(start, start + _BATCH) for start in range(0, len(pixels), _BATCH)]
        batches = [self._batch(pixels[part], classes[part]) for part in parts]
        grid, grad_cam, guided = (np.concatenate(arrays) for arrays in zip(*batches, strict=True))
        if self._guided is None:
            return Maps(grid=grid, grad_cam=grad_cam)
        return Maps(grid=grid, grad_cam=grad_cam, guided=guided, guided_grad_cam=guided * grad_cam[..., None])

    def _batch(self, pixels: NDArray[np.uint8], classes: NDArray[np.int64]) -> list[NDArray[np.float32]]:
        """Grad-CAM on its grid and in the images' size, and guided backpropagation: empty where it is refused."""
        images = self.model.images(pixels).requires_grad_(True)
        target = torch.from_numpy(classes).to(images.device)
        grid: torch.Tensor = self._grad_cam.attribute(images, target, relu_attributions=True).detach()
        up = LayerAttribution.interpolate(grid, tuple(images.shape[2:]), "bilinear")
        guided = torch.empty(0)
        if self._guided is not None:
            with warnings.catch_warnings():
                # captum warns that it sets hooks for the time being.
                warnings.simplefilter("ignore", UserWarning)
                guided = self._guided.attribute(images, target).detach().permute(0, 2, 3, 1)
        return [np.ascontiguousarray(maps.float().cpu().numpy()) for maps in (grid[:, 0], up[:, 0], guided)]


def refusal(model: ProbedEncoder, place: MapLayer, *, side: int) -> str | None:
    """Say why guided backpropagation (Springenberg et al. 2015) is not offered for a network; None if it is.

    Activations are read off the graph of one forward pass, so that those that are no modules are seen as well. Without
    this check, a network without `torch.nn.ReLU` would get plain gradients under the name of guided ones.

    Args:
        model: The network.
        place: The layer for Grad-CAM, whose kind decides which other methods are named.
        side: Side of the square images in pixels.
    """
    calls: list[torch.nn.Module] = []

    def note(relu: torch.nn.Module, *_: object) -> None:
        calls.append(relu)

    with ExitStack() as hooks, torch.enable_grad():
        for part in model.modules():
            if isinstance(part, torch.nn.ReLU):
                hooks.enter_context(part.register_forward_hook(note))
        steps = _backward_steps(model(model.grey(side).requires_grad_(True)))
    others = sorted({_OTHERS[step] for step in steps if step in _OTHERS})
    instead = "attention rollout or integrated gradients" if place.kind == "tokens" else "integrated gradients"
    rule = f"guided backpropagation is a rule for ReLU, and {model.backbone} has"
    if others:
        return f"{rule} {' and '.join(others)}: use {instead}"
    relus = sum(step in _RELU for step in steps)
    if not relus:
        return f"{rule} none: use {instead}"
    if relus > len(calls):
        beyond = f"{relus - len(calls)} ReLUs of {model.backbone} that are no modules"
        return f"guided backpropagation can't reach {beyond}: use {instead}"
    return None


def _backward_steps(logits: torch.Tensor) -> list[str]:
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
