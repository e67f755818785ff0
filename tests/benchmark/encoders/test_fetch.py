"""Weights fetched from servers on this machine, and read again without any."""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import timm
import torch
from huggingface_hub import constants
from safetensors.torch import save
from torchvision import models

import artbench
from artbench.encoders.fetch import cached_weights
from artbench.encoders.hub import torch_hub_file
from artbench.encoders.weights import state_digest
from artbench.errors import ArtbenchError, UsageError
from artbench.plugins.loading import load_plugins
from tests.support.hub_server import Hub, serving
from tests.support.plugins import TOY

MODEL = "mobilenetv3_small_050"
REPOSITORY = "timm/mobilenetv3_small_050.lamb_in1k"
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    torch.manual_seed(5)
    return {key: tensor.contiguous() for key, tensor in timm.create_model(MODEL).state_dict().items()}


@pytest.fixture
def caches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Empty caches, and no server but those on this machine; the folder that holds the caches."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, NOWHERE)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    # Read from the environment once, when the library is imported.
    for name, value in {"HF_HUB_CACHE": str(tmp_path / "hub"), "HF_HUB_OFFLINE": False}.items():
        monkeypatch.setattr(constants, name, value)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    point_to(NOWHERE, monkeypatch)
    return tmp_path


def point_to(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", server)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", f"{server}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    )


@pytest.fixture
def hub(caches: Path, state: dict[str, torch.Tensor], monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with serving(REPOSITORY, {"model.safetensors": save(state)}, kind="models") as running:
        point_to(running.url, monkeypatch)
        yield running


def the_only(
    backbone: str = MODEL, pretraining: str = "published", *, offline: bool = False
) -> artbench.FetchedWeights:
    (found,) = artbench.fetch_weights(backbone, pretraining, offline=offline)
    return found


def cached(backbone: str) -> Path | None:
    """The file that `artbench explore` finds without building the encoder."""
    registry = load_plugins()
    return cached_weights(registry.backbones.get(backbone), registry.pretrainings.get("published"))


def test_weights_are_fetched_once_compared_and_then_load_without_network(
    hub: Hub, state: dict[str, torch.Tensor], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = the_only()
    assert (found.status, found.verified) == ("fetched", True), found.reason
    assert found.address == f"{hub.url}/{REPOSITORY}/resolve/main/model.safetensors"
    assert found.path is not None
    assert found.bytes == len(hub.files["model.safetensors"]) == found.path.stat().st_size
    hub.requests.clear()
    assert the_only().status == "there"
    assert not [path for method, path, _ in hub.requests if method == "GET"]
    # As on a node without a network.
    point_to(NOWHERE, monkeypatch)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    record = artbench.run(
        backbone=MODEL, pretraining="published", task="toy-colour", plugins=[TOY], results=tmp_path / "results"
    )
    assert record.encoder.weights_sha256 == state_digest(
        {key: state[key] for key in state if not key.startswith("classifier.")}
    )
    assert record.encoder.source == REPOSITORY


@pytest.mark.parametrize("gated", [False, True])
def test_the_hub_learns_who_asks_only_where_a_licence_has_to_be_accepted(
    hub: Hub, gated: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    hub.gated = gated
    assert the_only().status == "fetched"
    assert hub.tokens == {None, *(["Bearer hf_secret"] if gated else [])}
    assert constants.HF_HUB_DISABLE_IMPLICIT_TOKEN is False


def test_a_check_uses_no_network(hub: Hub) -> None:
    missing = the_only(offline=True)
    assert (missing.status, missing.path) == ("failed", None)
    assert "no network is used" in missing.reason
    assert hub.requests == []
    assert constants.HF_HUB_OFFLINE is False
    assert cached(MODEL) is None
    fetched = the_only()
    hub.requests.clear()
    assert the_only(offline=True).status == "there"
    assert cached(MODEL) == fetched.path
    assert hub.requests == []


def test_a_damaged_file_is_named_and_not_loaded(hub: Hub) -> None:
    path = the_only().path
    assert path is not None
    content = bytearray(path.read_bytes())
    # Still a safetensors file that timm would load, with other weights.
    content[-1] ^= 1
    path.resolve().write_bytes(content)
    assert cached(MODEL) is None
    found = the_only()
    assert (found.status, found.verified) == ("failed", False)
    assert f"Remove {path.resolve()}" in found.reason
    path.resolve().unlink()
    assert the_only().status == "fetched"


def test_a_hub_that_can_not_be_reached_is_one_line_with_the_file_and_the_way_by_hand(caches: Path) -> None:
    found = the_only()
    assert found.status == "failed"
    assert "\n" not in found.reason
    for part in (
        f"{NOWHERE}/{REPOSITORY}/resolve/main/model.safetensors",
        f"hf download {REPOSITORY} model.safetensors",
        "models--timm--mobilenetv3_small_050.lamb_in1k",
        str(caches / "hub"),
    ):
        assert part in found.reason


def test_weights_with_gaps_fail_and_the_others_go_on(
    hub: Hub, state: dict[str, torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    del (gaps := dict(state))["conv_stem.weight"]
    hub.files = {"model.safetensors": save(gaps)}
    first, second = artbench.fetch_weights([MODEL, "colour-histogram"], "published")
    assert first.status == "failed"
    assert "conv_stem.weight" in first.reason
    assert second.status == "not needed"


def test_the_digest_in_a_name_of_torch_hub_is_compared(caches: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save(models.resnet18().state_dict(), content := io.BytesIO())
    sha256 = hashlib.sha256(content.getvalue()).hexdigest()
    entry = models.ResNet18_Weights.IMAGENET1K_V1
    name = f"resnet18-{sha256[:8]}.pth"
    with serving("r/r", {name: content.getvalue()}, kind="models") as server:
        monkeypatch.setattr(entry.value, "url", f"{server.url}/r/r/resolve/main/{name}")
        found = the_only("torchvision_resnet18", "imagenet")
        assert (found.status, found.verified) == ("fetched", True), found.reason
    assert the_only("torchvision_resnet18", "imagenet").status == "there"
    torch_hub_file(entry.url).write_bytes(content.getvalue() + b"\0")
    assert the_only("torchvision_resnet18", "imagenet").verified is False


def test_what_needs_no_file_says_why(caches: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "mine.pth"
    checkpoint.touch()
    found = artbench.fetch_weights("resnet18", ["random", "moco-v2", str(checkpoint)])
    assert [one.status for one in found] == ["not needed"] * 3
    assert the_only("colour-histogram", "none").status == "not needed"
    assert the_only("colour-histogram", "imagenet").status == "not needed"


def test_layers_and_pools_of_one_network_are_one(caches: Path) -> None:
    found = artbench.fetch_weights(["resnet18@layer=1..3", "resnet18@pool=max", "resnet18@size=128"], "random")
    assert [one.backbone for one in found] == ["resnet18", "resnet18@size=128"]


@pytest.mark.parametrize(
    ("backbone", "pretraining", "said"),
    [
        ("resnet18x", "imagenet", "no backbone is called"),
        ("resnet18", "imagnet", "imagenet"),
        ("resnet18", "a.pth", "no checkpoint"),
    ],
)
def test_names_are_checked_before_anything_is_fetched(backbone: str, pretraining: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        artbench.fetch_weights(["resnet50", backbone], pretraining)


def test_a_backbone_that_is_not_what_it_says_fails_alone(caches: Path) -> None:
    broken, fine = artbench.fetch_weights(["vit_tiny_patch16_224@size=250", "colour-histogram"], "imagenet")
    assert broken.status == "failed"
    assert "size=250" in broken.reason
    assert fine.status == "not needed"
    with pytest.raises(ArtbenchError):
        artbench.load_encoder("vit_tiny_patch16_224@size=250", "imagenet")
