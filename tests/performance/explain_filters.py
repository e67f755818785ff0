"""The paper's filter figure, against optimising one unit at a time as lucent does, in one run.

Five layers of resnet18, six units each, two pretrainings: `explain_filters` from the names to the PNG, against as many
climbs of single units as `lucent.optvis.render.render_vis` makes them, written out below from its description: Fourier
coefficients, jitter, scale and rotation, the whole network at each step. Of the peer a quarter of the steps is timed,
of one unit of each layer, and scaled to as many steps and units. It is timed twice: on pictures of the same size, and
enlarged to 224 pixels before the network, which is what lucent does with smaller ones. Weights don't change the time,
so both pretrainings are random.

Run: python -m tests.performance.explain_filters [STEPS]
"""

import sys
import tempfile
import time
from pathlib import Path

import torch
from torch.nn import functional
from torchvision.transforms.functional import InterpolationMode, rotate

from artbench.explain.filters.request import Ascent, FiltersRequest
from artbench.explain.filters.workflow import explain_filters
from artbench.plugins.loading import load_plugins
from artbench.runtime.progress import Silent
from tests.performance.probe_common import say, say_machine

_BACKBONE, _LAYERS, _UNITS, _SIDE = "resnet18", ("conv1", "layer1", "layer2", "layer3", "layer4"), 6, 128


def main(steps: str = "128") -> None:
    """The figure, then the peer."""
    say_machine()
    registry = load_plugins()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        module = _network()
        torch.save(module.state_dict(), folder / "other.pth")
        request = FiltersRequest(
            backbone=_BACKBONE,
            pretrainings=("random", str(folder / "other.pth")),
            out=folder / "filters.png",
            layers=_LAYERS,
            units=_UNITS,
            ascent=Ascent(steps=int(steps), side=_SIDE),
        )
        start = time.perf_counter()
        found = explain_filters(request, registry=registry, reporter=Silent())
        ours = time.perf_counter() - start
    pictures = sum(len(layer.units) for one in found for layer in one.layers)
    say(f"artbench: {pictures} pictures of {_SIDE} px, {steps} steps, with kernels, verdicts and the PNG: {ours:.0f} s")
    timed = max(int(steps) // 4, 1)
    for enlarged, what in ((None, f"at {_SIDE} px"), (224, f"{_SIDE} px enlarged to 224 px")):
        taken = sum(_climb(module, layer, steps=timed, enlarged=enlarged) for layer in _LAYERS)
        theirs = taken * int(steps) / timed * pictures / len(_LAYERS)
        say(
            f"one at a time, {what}: {taken:.1f} s for {timed} steps of one unit of each of {len(_LAYERS)} layers, so "
            f"{theirs:.0f} s for {pictures} pictures: artbench is {theirs / ours:.1f} times as fast"
        )


def _network() -> torch.nn.Module:
    import timm

    torch.manual_seed(1)
    network: torch.nn.Module = timm.create_model(_BACKBONE, num_classes=0)
    return network.eval().requires_grad_(False)


def _climb(module: torch.nn.Module, layer: str, *, steps: int, enlarged: int | None) -> float:
    """Seconds for the picture of one unit."""
    start = time.perf_counter()
    random = torch.Generator().manual_seed(0)
    coefficients = (0.01 * torch.randn(1, 3, _SIDE, _SIDE // 2 + 1, 2, generator=random)).requires_grad_()
    frequency = torch.hypot(torch.fft.fftfreq(_SIDE)[:, None], torch.fft.rfftfreq(_SIDE)[None, :])
    reach = 1 / frequency.clamp(min=1 / _SIDE)
    mean, std = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1), torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    colours = torch.tensor([[0.56, 0.19, 0.04], [0.58, 0.0, -0.07], [0.56, -0.19, 0.03]])
    optimiser = torch.optim.Adam([coefficients], lr=0.05)
    read: list[torch.Tensor] = []
    hook = module.get_submodule(layer).register_forward_hook(lambda _, __, output: read.append(output))
    for _ in range(steps):
        optimiser.zero_grad()
        read.clear()
        planes = torch.fft.irfft2(torch.view_as_complex(coefficients) * reach, s=(_SIDE, _SIDE), norm="ortho")
        picture = torch.einsum("nkhw,ck->nchw", planes, colours).sigmoid()
        module((_moved(picture, enlarged) - mean) / std)
        torch.autograd.backward(-read[0][:, 0].mean())
        optimiser.step()
    hook.remove()
    return time.perf_counter() - start


def _moved(picture: torch.Tensor, enlarged: int | None) -> torch.Tensor:
    """Padded by 12, jittered by 8, scaled, rotated, jittered by 4: in the default order of lucent's."""

    def draw(most: int) -> int:
        return int(torch.randint(most + 1, ()))

    def jittered(wide: torch.Tensor, by: int) -> torch.Tensor:
        top, left = draw(by), draw(by)
        return wide[..., top : wide.shape[-2] - by + top, left : wide.shape[-1] - by + left]

    wide = jittered(functional.pad(picture, (12,) * 4, value=0.5), 8)
    scale = 1 + (draw(10) - 5) / 50
    wide = functional.interpolate(wide, scale_factor=scale, mode="bilinear")
    wide = rotate(wide, float(draw(20) - 10), interpolation=InterpolationMode.BILINEAR)
    wide = jittered(wide, 4)
    return wide if enlarged is None else functional.interpolate(wide, size=enlarged, mode="bilinear")


if __name__ == "__main__":
    main(*sys.argv[1:])
