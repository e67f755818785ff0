"""Filter pictures: a unit's does not depend on the others, and the figure says how it was made."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from artbench.encoders.encoder import Encoder
from artbench.errors import ArtbenchError, UsageError
from artbench.explain.filters.depths import Trace, drawn
from artbench.explain.filters.maximise import Maximised, maximise
from artbench.explain.filters.request import Ascent, FiltersRequest
from artbench.explain.filters.responses import UnitReader
from artbench.explain.filters.structure import structure
from artbench.explain.filters.workflow import explain_filters
from artbench.plugins.loading import load_plugins
from artbench.runtime.progress import Silent
from tests.support.extraction import encoder
from tests.support.plugins import TOY
from tests.support.reporters import RecordingReporter

ASCENT = Ascent(steps=12, side=32)


def small(seed: int = 0) -> Encoder:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        module = torch.nn.Sequential(
            torch.nn.Conv2d(3, 8, 5, padding=2),
            torch.nn.ReLU(inplace=True),
            torch.nn.Conv2d(8, 12, 3, stride=2),
            torch.nn.ReLU(inplace=True),
            torch.nn.AdaptiveAvgPool2d(1),
            torch.nn.Flatten(),
        )
    return encoder(module=module, feature_dim=12)


def climbed(units: list[int], *, layer: str = "2", seed: int = 0) -> Maximised:
    of = small()
    trace = Trace(of.module, ASCENT.side)
    reader = UnitReader(trace.module, trace.named(layer), mean=of.mean, std=of.std)
    return maximise(reader, units, seed=seed, ascent=ASCENT, device="cpu", counter=RecordingReporter())


def test_units_respond_more_than_at_the_start_and_pictures_are_pictures() -> None:
    found = climbed([0, 3, 7])
    assert bool((found.reached > found.start).all())
    assert bool(found.gradient.all())
    assert found.pictures.shape == (3, 3, 32, 32)
    assert 0 <= float(found.pictures.min()) <= float(found.pictures.max()) <= 1


def test_a_unit_gets_the_same_picture_alone_and_among_others() -> None:
    together, alone = climbed([0, 3, 7]), climbed([3])
    torch.testing.assert_close(together.pictures[1], alone.pictures[0], rtol=0, atol=1e-3)
    assert torch.equal(climbed([3]).pictures, alone.pictures)
    assert not torch.allclose(climbed([3], seed=1).pictures, alone.pictures, atol=0.05)


def test_layers_are_chosen_from_the_first_convolution_to_the_last_and_units_by_the_seed() -> None:
    trace = Trace(small().module, 32)
    depths = trace.chosen()
    assert [depth.name for depth in depths] == ["0", "2"]
    assert drawn(depths[1], 5, seed=1) == drawn(depths[1], 5, seed=1) != drawn(depths[1], 5, seed=2)
    assert sorted(set(drawn(depths[0], 99, seed=0))) == list(range(8))
    kernels = trace.kernels(depths[0])
    assert kernels is not None
    assert kernels.shape == (8, 3, 5, 5)


def test_an_unknown_layer_is_refused_by_its_name() -> None:
    with pytest.raises(UsageError, match="conv9"):
        Trace(small().module, 32).named("conv9")


def test_a_backbone_without_convolutions_is_refused_by_its_name() -> None:
    with pytest.raises(ArtbenchError, match="a-histogram has no convolution"):
        Trace(torch.nn.Flatten(), 32, name="a-histogram").chosen()


def test_the_network_is_left_as_it_was() -> None:
    of = small()
    before = {name: tensor.clone() for name, tensor in of.module.state_dict().items()}
    batch = torch.rand(2, 3, 32, 32)
    features = of.module(batch)
    trace = Trace(of.module, ASCENT.side)
    reader = UnitReader(trace.module, trace.named("2"), mean=of.mean, std=of.std)
    maximise(reader, [1], seed=0, ascent=ASCENT, device="cpu", counter=RecordingReporter())
    assert torch.equal(of.module(batch), features)
    assert all(torch.equal(tensor, before[name]) for name, tensor in of.module.state_dict().items())
    assert not any(module._forward_hooks for module in of.module.modules())


def test_stripes_are_structured_noise_is_noise_and_one_colour_is_flat() -> None:
    random = np.random.default_rng(0)
    across = np.sin(np.arange(64) / 3)[None, :].repeat(64, 0)
    stripes = np.stack([0.5 + 0.4 * across] * 3) + 0.02 * random.normal(size=(3, 64, 64))
    noise = random.random((3, 64, 64))
    flat = np.full((3, 64, 64), 0.3)
    verdicts = [structure(picture.clip(0, 1).astype(np.float32)).verdict for picture in (stripes, noise, flat)]
    assert verdicts == ["structured", "noise", "flat"]
    assert "gradient" in structure(noise.astype(np.float32), gradient=False).verdict


def test_the_figure_holds_what_is_needed_to_make_it_again(tmp_path: Path) -> None:
    request = FiltersRequest(
        backbone="resnet18",
        pretrainings=("random",),
        out=tmp_path / "filters.png",
        layers=("conv1", "layer1"),
        units=2,
        dpi=40,
        ascent=Ascent(steps=2, side=32),
    )
    registry = load_plugins()
    (found,) = explain_filters(request, registry=registry, reporter=Silent())
    assert [layer.depth.name for layer in found.layers] == ["conv1", "layer1"]
    assert json.dumps(found.as_json())
    with Image.open(request.out) as figure:
        facts = dict(figure.info)
        first = np.asarray(figure.convert("RGB"))
    assert facts["artbench-seed"] == "0"
    assert facts["artbench-weights-1"] == found.encoder.weights_sha256
    again = replace(request, out=tmp_path / "again.png")
    explain_filters(again, registry=registry, reporter=Silent())
    with Image.open(again.out) as figure:
        np.testing.assert_array_equal(np.asarray(figure.convert("RGB")), first)


def test_beside_a_unit_are_the_images_it_responds_to_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    request = FiltersRequest(
        backbone="toy-patches",
        pretrainings=("random",),
        out=tmp_path / "filters.png",
        units=2,
        examples="toy",
        ascent=Ascent(steps=2, side=32),
    )
    registry = load_plugins([TOY])
    (found,) = explain_filters(request, registry=registry, reporter=Silent())
    assert found.sample is not None
    assert len(found.sample.ids) == 90
    layer = found.layers[0]
    of = found.encoder
    reader = UnitReader(Trace(of.module, 32).module, layer.depth, mean=of.mean, std=of.std)
    with torch.no_grad():
        responses = torch.cat([reader(batch) for batch in found.sample.batches("cpu")])
    for number, unit in enumerate(layer.units):
        said = found.as_json()["layers"][0]["units"][number]["examples"]
        assert len(set(said)) == 4
        values = [float(responses[found.sample.ids.index(name), unit]) for name in said]
        assert values == sorted(responses[:, unit].tolist(), reverse=True)[:4]
    with Image.open(request.out) as figure:
        assert figure.info["artbench-examples"] == "toy, 90 of 90 images"


def test_a_backbone_without_convolutions_and_a_file_that_can_not_be_written_are_refused(tmp_path: Path) -> None:
    request = FiltersRequest(backbone="colour-histogram", pretrainings=("none",), out=tmp_path / "filters.png")
    with pytest.raises(ArtbenchError, match="convolution"):
        explain_filters(request, registry=load_plugins(), reporter=Silent())
    (tmp_path / "file").write_text("")
    nowhere = replace(request, backbone="resnet18", pretrainings=("random",), out=tmp_path / "file" / "filters.png")
    with pytest.raises(ArtbenchError, match="can't be written"):
        nowhere.check()


@pytest.mark.parametrize(("reach", "climbed"), [(-1.0, False), (1.2, True)])
def test_a_unit_behind_a_relu_that_is_off_for_grey_is_climbed_where_any_picture_turns_it_on(
    reach: float, climbed: bool
) -> None:
    # On where red, green and blue come to less than `reach`; nearly grey noise has 1.5.
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 1, 1), torch.nn.ReLU(), torch.nn.Conv2d(1, 1, 1))
    with torch.no_grad():
        for parameter, value in zip(module.parameters(), (-1.0, reach, 1.0, 0.0), strict=True):
            parameter.fill_(value)
    trace = Trace(module, ASCENT.side)
    reader = UnitReader(trace.module, trace.named("2"), mean=(0, 0, 0), std=(1, 1, 1))
    found = maximise(reader, [0], seed=0, ascent=ASCENT, device="cpu", counter=RecordingReporter())
    assert bool(found.gradient.all()) is climbed
    assert bool((found.reached > found.start).all()) is climbed
