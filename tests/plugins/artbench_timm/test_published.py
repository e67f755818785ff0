import logging
from pathlib import Path

import pytest
import timm
import torch
from huggingface_hub import constants
from safetensors.torch import save_file

from artbench.encoders.build import build_encoder
from artbench.encoders.encoder import Encoder
from artbench.encoders.hub import offline_weights
from artbench.encoders.weights import state_digest
from artbench.errors import ArtbenchError
from artbench.plugins.loading import load_plugins
from tests.support.reporters import RecordingReporter

COMMIT = "0" * 40


def _build(backbone: str, pretraining: str = "imagenet") -> tuple[Encoder, list[str]]:
    registry, reporter = load_plugins(), RecordingReporter()
    spec, method = registry.backbones.get(backbone), registry.pretrainings.get(pretraining)
    return build_encoder(spec, method, seed=0, reporter=reporter), reporter.notices


def _cache(folder: Path, name: str, state: dict[str, torch.Tensor]) -> None:
    """Put weights where the hub's library keeps what it has downloaded."""
    repository = folder / "hub" / f"models--timm--{name}"
    (repository / "snapshots" / COMMIT).mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    save_file(state, repository / "snapshots" / COMMIT / "model.safetensors")


@pytest.mark.parametrize("name", ["resnet18", "vit_tiny_patch16_224", "legacy_seresnet18"])
def test_a_hub_that_can_not_be_reached_is_one_line_with_a_way_out(
    name: str, no_network: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ArtbenchError) as caught:
        _build(name)
    line = str(caught.value)
    assert name in line
    assert "can't be reached" in line
    for way_out in ("--pretraining PATH", "HF_HOME", offline_weights()):
        assert way_out in line
    assert "\n" not in line
    # Neither the libraries' own words nor the news of their retries.
    assert capfd.readouterr() == ("", "")
    assert constants.HF_HUB_OFFLINE is False


def test_weights_in_the_cache_need_no_network(no_network: Path, capfd: pytest.CaptureFixture[str]) -> None:
    torch.manual_seed(3)
    state = timm.create_model("resnet18").state_dict()
    _cache(no_network, "resnet18.a1_in1k", state)
    encoder, notices = _build("resnet18")
    assert encoder.weights_sha256 == state_digest({key: state[key] for key in state if not key.startswith("fc.")})
    assert encoder.source == "timm/resnet18.a1_in1k"
    assert notices == []
    assert capfd.readouterr().out == ""


@pytest.mark.integration
def test_a_tag_brings_its_own_weights_and_normalisation(no_network: Path) -> None:
    torch.manual_seed(4)
    _cache(
        no_network,
        "vit_small_patch16_224.augreg_in21k",
        timm.create_model("vit_small_patch16_224.augreg_in21k").state_dict(),
    )
    _cache(no_network, "vit_small_patch16_224.dino", timm.create_model("vit_small_patch16_224.dino").state_dict())
    supervised, _ = _build("vit_small_patch16_224.augreg_in21k")
    self_supervised, _ = _build("vit_small_patch16_224.dino", "published")
    assert supervised.mean == (0.5, 0.5, 0.5)
    assert self_supervised.mean == pytest.approx((0.485, 0.456, 0.406))
    assert self_supervised.source == "timm/vit_small_patch16_224.dino"


def test_a_file_on_the_hub_with_gaps_is_refused(no_network: Path) -> None:
    # timm itself would leave such weights random without a word if it were asked for features.
    state = timm.create_model("resnet18").state_dict()
    del state["layer4.1.conv2.weight"]
    _cache(no_network, "resnet18.a1_in1k", state)
    with pytest.raises(ArtbenchError, match=r"can't load the weights resnet18\.a1_in1k .*layer4\.1\.conv2\.weight"):
        _build("resnet18")


def test_imagenet_is_refused_for_weights_of_another_kind() -> None:
    with pytest.raises(
        ArtbenchError,
        match=r"no supervised ImageNet .* resnet50\.fb_swsl_ig1b_ft_in1k\. There is --pretraining published",
    ):
        _build("resnet50.fb_swsl_ig1b_ft_in1k")


def test_the_libraries_may_speak_again_afterwards(no_network: Path) -> None:
    before = logging.getLogger("timm").level
    with pytest.raises(ArtbenchError):
        _build("resnet18")
    assert logging.getLogger("timm").level == before
