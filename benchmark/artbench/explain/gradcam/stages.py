"""Which part of a network gives the map that Grad-CAM weighs: its last convolutional stage, or its tokens."""

from collections.abc import Iterator

import torch

from artbench.errors import ArtbenchError, UsageError
from artbench.explain.gradcam.model import ProbedEncoder
from artbench.explain.layers import MapLayer, map_layer, named_layer

# They pass on what they get, or average it: what gives it comes before them, and its name says more.
_PASSIVE = (torch.nn.Identity, torch.nn.Dropout, torch.nn.Dropout2d, torch.nn.AvgPool2d, torch.nn.AdaptiveAvgPool2d)


class GridView(torch.nn.Module):
    """A layer whose output passes through `maps` in the form (n, c, h, w), where it can be hooked.

    Args:
        layer: Gives maps with the channels last, or tokens.
        place: What its output is like.
    """

    def __init__(self, layer: torch.nn.Module, place: MapLayer) -> None:
        super().__init__()
        self.layer, self.place = layer, place
        self.maps = torch.nn.Identity()

    def forward(self, *inputs: torch.Tensor, **options: object) -> torch.Tensor:
        """What the layer gives."""
        output: torch.Tensor = self.layer(*inputs, **options)
        if self.place.kind == "maps, channels last":
            there: torch.Tensor = self.maps(output.permute(0, 3, 1, 2))
            return there.permute(0, 2, 3, 1)
        before, patches = output[:, : self.place.prefix], output[:, self.place.prefix :]
        grid: torch.Tensor = self.maps(patches.transpose(1, 2).reshape(len(patches), -1, *self.place.size))
        return torch.cat([before, grid.flatten(2).transpose(1, 2)], dim=1)


def last_stage(model: ProbedEncoder, side: int) -> MapLayer:
    """The last part of the encoder whose output lies on a grid and decides the logits.

    In a vision transformer that reads off its class token, what leaves the last block for the patches decides
    nothing: there it is the normalised input of the last attention.

    Args:
        model: The network.
        side: Of the square pictures in pixels.

    Raises:
        ArtbenchError: There is none.
    """
    outputs, logits = _outputs(model, side)
    width = None
    for name, output in reversed(outputs.items()):
        place = map_layer(name, output)
        if place is None or isinstance(model.encoder.get_submodule(name), _PASSIVE):
            continue
        if place.kind == "tokens":
            # Queries, keys and values lie on the grid too, side by side in wider vectors.
            width = width or output.shape[2]
            if output.shape[2] != width:
                continue
        if _decides(output, place, logits):
            return place
    raise ArtbenchError(
        f"no layer of {model.backbone} gives a map of the picture on which a logit depends",
        mend="Name one with --layer",
    )


def named_stage(model: ProbedEncoder, side: int, *, name: str) -> MapLayer:
    """The part of the encoder called `name`.

    Raises:
        UsageError: There is none of that name, its output is no map, or nothing depends on it.
    """
    outputs, logits = _outputs(model, side)
    place = named_layer(model.encoder, name, outputs, backbone=model.backbone)
    if not _decides(outputs[name], place, logits):
        raise UsageError(
            f"no logit depends on what the layer {name} gives for the places of a picture",
            mend="Take one before it, or leave --layer out",
        )
    return place


def hook_point(model: ProbedEncoder, place: MapLayer) -> torch.nn.Module:
    """The module of `model` whose output is (n, c, h, w) at this layer; puts a view of it in place where needed."""
    layer = model.encoder.get_submodule(place.name)
    if isinstance(layer, GridView):
        return layer.maps
    if place.kind == "maps":
        return layer
    view = GridView(layer, place)
    model.encoder.set_submodule(place.name, view)
    return view.maps


def _outputs(model: ProbedEncoder, side: int) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """What each module of the encoder gives for one grey picture, in the order in which they finish; and logits."""
    found: dict[str, torch.Tensor] = {}
    names = {part: name for name, part in model.encoder.named_modules() if name}

    def keep(part: torch.nn.Module, _: object, output: object) -> None:
        if isinstance(output, torch.Tensor):
            found.pop(names[part], None)
            found[names[part]] = output

    hooks = [part.register_forward_hook(keep) for part in names]
    try:
        with torch.enable_grad():
            # Not one colour: after a normalisation, that could leave nothing.
            ramp = torch.linspace(0, 255, side, device=model.mean.device)
            picture = (ramp[:, None] + ramp[None, :]).div(2).expand(1, 3, side, side).clone().requires_grad_(True)
            logits: torch.Tensor = model(picture)
    finally:
        for hook in hooks:
            hook.remove()
    if not logits.requires_grad:
        raise ArtbenchError(
            f"{model.backbone} can't be differentiated, so that there is no Grad-CAM of it",
            mend="Look at `artbench explain map` or `neighbours` of the record, which need no gradient",
        )
    return found, logits


def _decides(output: torch.Tensor, place: MapLayer, logits: torch.Tensor) -> bool:
    """Whether any logit depends on what lies on the grid."""
    if not output.requires_grad:
        return False
    for logit in _finite(logits[0]):
        (gradient,) = torch.autograd.grad(logit, output, retain_graph=True, allow_unused=True)
        if gradient is not None and bool(gradient[:, place.prefix :].any() if place.prefix else gradient.any()):
            return True
    return False


def _finite(logits: torch.Tensor) -> Iterator[torch.Tensor]:
    """Two are enough: one may be zero everywhere by chance of its class."""
    yield from logits[logits.isfinite()][:2]
