import re
from pathlib import Path

import pytest
import torch
from torchvision import models

from artbench.encoders.build import build_encoder
from artbench.encoders.encoder import Encoder
from artbench.encoders.hub import offline_weights, torch_hub_file
from artbench.encoders.weights import state_digest
from artbench.errors import ArtbenchError
from artbench.plugins.loading import load_plugins
from artbench_torchvision.backbone import build
from artbench_torchvision.corpora import corpus_of
from artbench_weights.weights import imagenet
from tests.support.reporters import RecordingReporter


def _build(backbone: str, pretraining: str = "imagenet") -> tuple[Encoder, list[str]]:
    registry, reporter = load_plugins(), RecordingReporter()
    spec, method = registry.backbones.get(backbone), registry.pretrainings.get(pretraining)
    return build_encoder(spec, method, seed=0, reporter=reporter), reporter.notices


def _cache(entry: models.WeightsEnum, state: object) -> Path:
    """Put weights where torch.hub keeps what it has downloaded."""
    file = torch_hub_file(entry.url)
    file.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, file)
    return file


def test_a_server_that_can_not_be_reached_is_one_line_with_a_way_out(
    no_network: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ArtbenchError) as caught:
        _build("torchvision_resnet18")
    line = str(caught.value)
    assert "resnet18.IMAGENET1K_V1 are not in the cache, and download.pytorch.org can't be reached" in line
    for way_out in ("--pretraining PATH", "TORCH_HOME", offline_weights()):
        assert way_out in line
    assert capfd.readouterr() == ("", "")


def test_weights_in_the_cache_need_no_network(no_network: Path) -> None:
    torch.manual_seed(3)
    state = models.resnet18().state_dict()
    _cache(models.ResNet18_Weights.IMAGENET1K_V1, state)
    encoder, notices = _build("torchvision_resnet18")
    assert encoder.weights_sha256 == state_digest({key: state[key] for key in state if not key.startswith("fc.")})
    assert encoder.source == "torchvision/resnet18.IMAGENET1K_V1"
    assert encoder.corpus is not None
    assert [encoder.corpus.seen(name).state for name in ("wikiart", "imet-2020")] == ["clean", "unknown"]
    assert encoder.mean == pytest.approx((0.485, 0.456, 0.406))
    assert notices == []


def test_imagenet_is_the_first_recipe_and_published_the_default_one(no_network: Path) -> None:
    for seed, entry in enumerate(models.MobileNet_V3_Large_Weights):
        torch.manual_seed(seed)
        _cache(entry, models.mobilenet_v3_large().state_dict())
    assert _build("torchvision_mobilenet_v3_large")[0].source.endswith("IMAGENET1K_V1")
    assert _build("torchvision_mobilenet_v3_large", "published")[0].source.endswith("IMAGENET1K_V2")


def test_the_old_names_in_densenet_files_are_understood(no_network: Path) -> None:
    state = models.densenet121().state_dict()
    old = {re.sub(r"(denselayer\d+\.(?:norm|conv))([12]\.)", r"\1.\2", key): tensor for key, tensor in state.items()}
    assert old.keys() != state.keys()
    _cache(models.DenseNet121_Weights.IMAGENET1K_V1, old)
    encoder, _ = _build("torchvision_densenet121")
    assert encoder.weights_sha256 == state_digest({key: state[key] for key in state if "classifier" not in key})


def test_inception_sees_the_images_that_its_weights_were_trained_on(no_network: Path) -> None:
    # torchvision's own pretrained model converts from ImageNet's normalisation to that of the weights.
    torch.manual_seed(0)
    theirs = models.inception_v3(init_weights=False, transform_input=True).eval()
    _cache(models.Inception_V3_Weights.IMAGENET1K_V1, theirs.state_dict())
    encoder, _ = _build("torchvision_inception_v3")
    image = torch.rand(1, 3, 128, 128)

    def normalised(mean: tuple[float, ...], std: tuple[float, ...]) -> torch.Tensor:
        return (image - torch.tensor(mean).view(1, 3, 1, 1)) / torch.tensor(std).view(1, 3, 1, 1)

    with torch.inference_mode():
        expected = theirs(normalised((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
        assert torch.allclose(theirs.fc(encoder.module(normalised(encoder.mean, encoder.std))), expected, atol=1e-4)


def test_a_model_without_imagenet_weights_says_what_there_is() -> None:
    # Trained on Instagram first, so that these are no ImageNet weights alone.
    with torch.device("meta"):
        backbone = build("vit_h_14", "torchvision_vit_h_14")
    with pytest.raises(ArtbenchError, match=r"no supervised ImageNet weights .* There is --pretraining published"):
        imagenet(backbone)


def test_a_damaged_file_in_the_cache_is_named(no_network: Path) -> None:
    file = _cache(models.ResNet18_Weights.IMAGENET1K_V1, {})
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(ArtbenchError, match=f"can't be read .*Remove {file}"):
        _build("torchvision_resnet18")


def test_every_entry_states_its_corpus() -> None:
    entries = [entry for name in models.list_models(module=models) for entry in models.get_model_weights(name)]
    corpora = [corpus_of(entry.name) for entry in entries]
    assert {corpus.name for corpus in corpora if corpus is not None} == {"ImageNet-1k", "Instagram-3.6B + ImageNet-1k"}
    assert None not in corpora
    assert all(
        corpus is not None and (corpus.seen("wikiart").state == "unknown") == ("SWAG" in entry.name)
        for entry, corpus in zip(entries, corpora, strict=True)
    )
