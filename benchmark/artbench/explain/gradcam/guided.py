"""Whether guided backpropagation means anything for a network: its rule is one for ReLU, and for nothing else."""

import torch

from artbench.explain.gradcam.model import ProbedEncoder
from artbench.explain.gradcam.stages import MapLayer

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
