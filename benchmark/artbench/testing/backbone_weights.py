"""The weights of a backbone: all in its state dict, from artbench's seed, its own at every call, and copyable."""

import copy
from collections.abc import Iterator
from typing import Any

import torch

from artbench.encoders.digest import state_digest
from artbench.testing.built_backbone import Built, passed
from artbench.testing.checks import Check, Fault, line, some

_CLOSE = 1e-3


def digest(built: Built) -> Iterator[Fault]:
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


def state(built: Built) -> Iterator[Fault]:
    """A pass in eval mode changes nothing that the state dict names."""
    before = digest_of(built.backbone.module)
    passed(built.backbone.module, built.pictures)
    if digest_of(built.backbone.module) != before:
        yield Fault("a pass in eval mode changes the weights", "Update buffers only if self.training")


def own_tensors(built: Built) -> Iterator[Fault]:
    """Every call of the factory builds anew."""
    mine, other = _tensors(built.backbone.module), _tensors(built.again().module)
    shared = [name for name, place in mine.items() if place in set(other.values())]
    if shared:
        yield Fault(
            f"two calls of the factory share their tensors ({some(shared)}): weights loaded into one are in both",
            "Build the module inside the factory at every call; cache nothing that is trained or loaded into",
        )


def copies(built: Built) -> Iterator[Fault]:
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


def settings(built: Built) -> Iterator[Fault]:
    """The factory leaves torch's settings, its seed and the working directory as they are."""
    for what, (before, after) in built.touched.items():
        if what == "seed of torch":
            mend = "Leave out torch.manual_seed: artbench seeds, so that --seed gives other weights"
            yield Fault(f"the factory seeds torch itself, with {after}", mend)
        else:
            yield Fault(f"the factory changes the {what} from {before} to {after}", f"Leave the {what} as it is")


def published(built: Built) -> Iterator[Fault]:
    """What it says its makers publish is named, and can be called."""
    claimed: Any = built.backbone.published
    for name, fetch in claimed.items():
        if not isinstance(name, str) or not callable(fetch):
            mend = "published maps the name of a pretraining, such as imagenet, to a function without arguments"
            yield Fault(f"published holds {name!r}: {fetch!r}", mend)


def digest_of(module: torch.nn.Module) -> str:
    """Digest of a module's weights."""
    return state_digest({name: tensor for name, tensor in module.state_dict().items() if hasattr(tensor, "detach")})


def _tensors(module: torch.nn.Module) -> dict[str, int]:
    named = [*module.named_parameters(), *module.named_buffers()]
    return {name: tensor.data_ptr() for name, tensor in named if tensor.numel()}


def _same(built: Built, module: torch.nn.Module) -> bool:
    found = passed(module, built.pictures)
    if found.shape != built.features.shape:
        return False
    scale = built.features.float().std().clamp(min=1e-12)
    return bool((found - built.features).float().abs().max() / scale <= _CLOSE)


def _mixed_up(built: Built, copied: torch.nn.Module) -> bool:
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


WEIGHT_CHECKS: tuple[Check[Built], ...] = (digest, state, own_tensors, copies, settings, published)
