"""The number type that losses are computed in."""

import torch


def at_least_float32(tensor: torch.Tensor) -> torch.Tensor:
    """Return the tensor in float32; float64 stays as it is.

    Examples:
        >>> import torch
        >>> from artbench.pretrain.precision import at_least_float32
        >>> [at_least_float32(torch.zeros(1, dtype=kind)).dtype for kind in (torch.bfloat16, torch.float64)]
        [torch.float32, torch.float64]
    """
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


def unit(embeddings: torch.Tensor) -> torch.Tensor:
    """Return embeddings of length 1, at least in float32.

    Args:
        embeddings: Any type of float, shape (n, dim).

    Examples:
        >>> import torch
        >>> from artbench.pretrain.precision import unit
        >>> unit(torch.tensor([[3.0, 4.0]]))
        tensor([[0.6000, 0.8000]])
    """
    return torch.nn.functional.normalize(at_least_float32(embeddings), dim=1)
