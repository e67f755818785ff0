"""Putting weights into a backbone: every weight, and nothing that is not a number."""

from collections.abc import Mapping, Sequence

import torch

from artbench.encoders.digest import is_batch_counter
from artbench.encoders.layouts import difference, shown
from artbench.errors import ArtbenchError


def load_weights(
    module: torch.nn.Module, state: Mapping[str, torch.Tensor], *, origin: str, backbone: str, mend: str
) -> None:
    """Set every weight of a module, and refuse to leave one at its initialisation.

    Keys that the module lacks are ignored. `num_batches_tracked` may be missing: it is not used in eval mode.

    Args:
        module: Changed in place; the tensors are copied and cast to its own dtypes.
        state: Tensors by their name in the module.
        origin: Where the weights are from, for messages: `moco.pth`.
        backbone: Name of the backbone, for messages.
        mend: What to do where the weights don't fit.

    Raises:
        ArtbenchError: A weight is missing, has another shape, or is not finite.
    """
    wanted = {name: tensor for name, tensor in module.state_dict().items() if isinstance(tensor, torch.Tensor)}
    needed = {name: tensor for name, tensor in wanted.items() if not is_batch_counter(name)}
    reasons = {name: difference(state[name], needed[name]) if name in state else "missing" for name in needed}
    problems = [f"{name} ({reason})" for name, reason in reasons.items() if reason]
    if problems:
        raise ArtbenchError(
            f"{origin} leaves {len(problems)} of {len(needed)} weights of {backbone} unset: {shown(problems)}",
            mend=mend,
        )
    fitting = [name for name, tensor in wanted.items() if name in state and not difference(state[name], tensor)]
    # Over the module's own state, which has the version of its layout beside it: MNASNet asks for that.
    whole = module.state_dict()
    whole.update({name: state[name] for name in fitting})
    module.load_state_dict(whole)
    _check_finite(module, fitting, origin=origin)


def _check_finite(module: torch.nn.Module, names: Sequence[str], *, origin: str) -> None:
    loaded = module.state_dict()
    bad = [name for name in names if loaded[name].is_floating_point() and not bool(loaded[name].isfinite().all())]
    if bad:
        raise ArtbenchError(
            f"{origin} holds NaN or infinity in {len(bad)} weights: {shown(bad)}",
            mend="The training it is from has diverged, or the file is damaged: give another checkpoint",
        )
