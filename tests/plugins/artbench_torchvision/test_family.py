import pytest
import torch
from torchvision import models

from artbench.encoders.build import build_encoder
from artbench.errors import UsageError
from artbench.plugins.loading import load_plugins
from artbench.runtime.progress import Silent
from artbench.specs import load_factory
from artbench_torchvision.family import names, resolve

RANDOM = load_plugins().pretrainings.get("random")
MODELS = models.list_models(module=models)
# The length of features of one model of each kind, and the size of images where it is fixed.
KNOWN = {
    "alexnet": (4096, None),
    "convnext_tiny": (768, None),
    "densenet121": (1024, None),
    "efficientnet_b0": (1280, None),
    "efficientnet_v2_s": (1280, None),
    "googlenet": (1024, None),
    "inception_v3": (2048, None),
    "maxvit_t": (512, 224),
    "mnasnet0_5": (1280, None),
    "mobilenet_v2": (1280, None),
    "mobilenet_v3_large": (1280, None),
    "regnet_x_400mf": (400, None),
    "resnet18": (512, None),
    "resnet50": (2048, None),
    "shufflenet_v2_x0_5": (1024, None),
    "squeezenet1_1": (512, None),
    "swin_t": (768, None),
    "swin_v2_t": (768, None),
    "vgg11": (4096, None),
    "vit_b_32": (768, 224),
}
QUICK = [name for name in KNOWN if name not in {"alexnet", "vgg11"}]


@pytest.mark.parametrize("model", QUICK)
def test_models_of_every_kind_build(model: str) -> None:
    spec = resolve(f"torchvision_{model}")
    assert spec is not None
    encoder = build_encoder(spec, RANDOM, seed=0, reporter=Silent())
    assert encoder.backbone == f"torchvision_{model}"
    assert (encoder.feature_dim, encoder.input_size) == KNOWN[model]


@pytest.fixture
def weightless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parameters without memory or arithmetic, which the largest have hundreds of millions of.

    Nothing else is on the meta device while a model is built: a RegNet computes the widths of its stages with tensors.
    """
    register = torch.nn.Module.register_parameter

    def register_on_meta(module: torch.nn.Module, name: str, parameter: torch.nn.Parameter | None) -> None:
        register(module, name, None if parameter is None else torch.nn.Parameter(parameter.to("meta")))

    monkeypatch.setattr(torch.nn.Module, "register_parameter", register_on_meta)


@pytest.mark.integration
@pytest.mark.usefixtures("weightless")
@pytest.mark.parametrize("model", MODELS)
def test_every_model_gives_pooled_features(model: str) -> None:
    spec = resolve(f"torchvision_{model}")
    assert spec is not None
    backbone = load_factory(spec.factory)()
    side = backbone.input_size or 244
    with torch.device("meta"), torch.inference_mode():
        features = backbone.module.to("meta").eval()(torch.zeros(2, 3, side, side))
    assert features.shape == (2, backbone.feature_dim)
    if model in KNOWN:
        assert (backbone.feature_dim, backbone.input_size) == KNOWN[model]


def test_features_are_what_enters_the_classifier() -> None:
    spec = resolve("torchvision_resnet18")
    assert spec is not None
    backbone = load_factory(spec.factory)()
    whole = models.resnet18().eval()
    whole.load_state_dict(backbone.module.state_dict(), strict=False)
    image = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        assert torch.equal(whole.fc(backbone.module.eval()(image)), whole(image))


def test_names_are_those_of_torchvision_after_its_own() -> None:
    assert set(names()) == {f"torchvision_{model}" for model in models.list_models(module=models)}
    assert resolve("resnet50") is None
    # Detection and segmentation are no classification.
    for name in ("torchvision_resnet5000", "torchvision_fcn_resnet50"):
        with pytest.raises(UsageError, match="no backbone is called"):
            load_plugins().backbones.get(name)


def test_the_plugin_is_found_by_name() -> None:
    assert load_plugins().backbones.get("torchvision_resnet50").name == "torchvision_resnet50"
