"""The layer whose output Grad-CAM weighs: the last convolutional stage of a network, or its tokens."""

from contextlib import ExitStack

import torch

from artbench.errors import ArtbenchError, UsageError
from artbench.explain.gradcam.model import ProbedEncoder
from artbench.explain.layers import MapLayer, map_layer, named_layer

# They pass on their input, or average it: the module before them has a name that says more.
_PASSIVE = (torch.nn.Identity, torch.nn.Dropout, torch.nn.Dropout2d, torch.nn.AvgPool2d, torch.nn.AdaptiveAvgPool2d)


class GridView(torch.nn.Module):
    """A layer whose output passes through `maps` in the form (n, c, h, w), where it can be hooked.

    Args:
        layer: A module whose output is maps with the channels last, or tokens.
        place: The shape of that output.
    """

    def __init__(self, layer: torch.nn.Module, place: MapLayer) -> None:
        super().__init__()
        self.layer, self.place = layer, place
        self.maps = torch.nn.Identity()

    def forward(self, *inputs: torch.Tensor, **options: object) -> torch.Tensor:
        """Compute the output of the layer."""
        output: torch.Tensor = self.layer(*inputs, **options)
        if self.place.kind == "maps, channels last":
            maps: torch.Tensor = self.maps(output.permute(0, 3, 1, 2))
            return maps.permute(0, 2, 3, 1)
        before, patches = output[:, : self.place.prefix], output[:, self.place.prefix :]
        grid: torch.Tensor = self.maps(patches.transpose(1, 2).reshape(len(patches), -1, *self.place.size))
        return torch.cat([before, grid.flatten(2).transpose(1, 2)], dim=1)


def last_stage(model: ProbedEncoder, side: int) -> MapLayer:
    """Find the last part of the encoder whose output lies on a grid and decides the logits.

    In a vision transformer whose feature is the class token, the last block's output for the patches decides nothing:
    there the layer is the normalised input of the last attention.

    Args:
        model: The network.
        side: Side of the square images in pixels.

    Raises:
        ArtbenchError: There is no such part.
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
        f"no layer of {model.backbone} gives a map of the image on which a logit depends",
        mend="Name one with --layer",
    )


def named_stage(model: ProbedEncoder, side: int, *, name: str) -> MapLayer:
    """Find the part of the encoder called `name`.

    Raises:
        UsageError: No part has that name, its output is no map, or nothing depends on it.
    """
    outputs, logits = _outputs(model, side)
    place = named_layer(model.encoder, name, outputs, backbone=model.backbone)
    if not _decides(outputs[name], place, logits):
        raise UsageError(
            f"no logit depends on what the layer {name} gives for the places of an image",
            mend="Take one before it, or leave --layer out",
        )
    return place


def hook_point(model: ProbedEncoder, place: MapLayer) -> torch.nn.Module:
    """Return the module of `model` that gives (n, c, h, w) at this layer, after putting in a view of it if needed."""
    layer = model.encoder.get_submodule(place.name)
    if isinstance(layer, GridView):
        return layer.maps
    if place.kind == "maps":
        return layer
    view = GridView(layer, place)
    model.encoder.set_submodule(place.name, view)
    return view.maps


def _outputs(model: ProbedEncoder, side: int) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """Output of each module of the encoder for one image, in the order in which they finish; and the logits."""
    found: dict[str, torch.Tensor] = {}
    names = {part: name for name, part in model.encoder.named_modules() if name}

    def keep(part: torch.nn.Module, _: object, output: object) -> None:
        if isinstance(output, torch.Tensor):
            found.pop(names[part], None)
            found[names[part]] = output

    # A ramp and not one colour, of which a normalisation could leave nothing.
    ramp = torch.linspace(0, 255, side, device=model.mean.device)
    image = (ramp[:, None] + ramp[None, :]).div(2).expand(1, 3, side, side).clone().requires_grad_(True)
    with ExitStack() as hooks, torch.enable_grad():
        for part in names:
            hooks.enter_context(part.register_forward_hook(keep))
        logits: torch.Tensor = model(image)
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
    # Two are enough: one may be zero everywhere by chance of its class.
    for logit in logits[0][logits[0].isfinite()][:2]:
        (gradient,) = torch.autograd.grad(logit, output, retain_graph=True, allow_unused=True)
        if gradient is not None and bool(gradient[:, place.prefix :].any()):
            return True
    return False
