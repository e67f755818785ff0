import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from artbench.encoders.backbone import Backbone
from artbench.encoders.build import build_encoder
from artbench.encoders.weights import Weights, state_digest
from artbench.errors import ArtbenchError
from artbench.runtime.progress import Silent
from artbench.specs import BackboneSpec, PretrainingSpec
from tests.support.reporters import RecordingReporter

MEAN, STD = (0.1, 0.2, 0.3), (0.4, 0.5, 0.6)


class Small(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 8, 3, stride=8)
        self.norm = torch.nn.BatchNorm2d(8)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.norm(self.conv(images)).mean((2, 3))
        return features


def small(**changes: object) -> BackboneSpec:
    def build() -> Backbone:
        settings: dict[str, object] = {"name": "small", "feature_dim": 8, "mean": MEAN, "std": STD}
        return Backbone(**({"module": Small()} | settings | changes))  # type: ignore[arg-type]

    return BackboneSpec(name="small", description="A small network", factory=build)


def giving(weights: Callable[[Backbone], Weights], name: str = "method") -> PretrainingSpec:
    return PretrainingSpec(name=name, description="Weights for tests", weights=weights)


INITIAL = giving(lambda backbone: Weights(state=backbone.module.state_dict(), source="initialisation"))


def _state(seed: int = 5) -> dict[str, torch.Tensor]:
    torch.manual_seed(seed)
    return Small().state_dict()


def _saved(path: Path, state: dict[str, torch.Tensor]) -> Path:
    torch.save(state, path)
    return path


def test_an_encoder_says_what_it_is_and_is_frozen() -> None:
    encoder = build_encoder(small(input_size=64), INITIAL, seed=0, reporter=Silent())
    assert (encoder.backbone, encoder.pretraining, encoder.source) == ("small", "method", "initialisation")
    assert (encoder.mean, encoder.std, encoder.input_size, encoder.feature_dim) == (MEAN, STD, 64, 8)
    assert encoder.parameters == 3 * 8 * 9 + 8 + 16
    assert not encoder.module.training
    assert not any(parameter.requires_grad for parameter in encoder.module.parameters())
    assert encoder.weights_sha256 == state_digest(encoder.module.state_dict())


def test_the_seed_alone_decides_the_initialisation() -> None:
    first, again, other = (
        build_encoder(small(), INITIAL, seed=seed, reporter=Silent()).weights_sha256 for seed in (0, 0, 1)
    )
    assert first == again
    assert first != other


def test_the_random_states_of_the_caller_stay() -> None:
    for seed in (torch.manual_seed, random.seed, np.random.seed):
        seed(3)
    expected = torch.rand(1).item(), random.random(), np.random.rand()
    for seed in (torch.manual_seed, random.seed, np.random.seed):
        seed(3)
    build_encoder(small(), INITIAL, seed=9, reporter=Silent())
    assert (torch.rand(1).item(), random.random(), np.random.rand()) == expected


def test_weights_bring_their_own_normalisation() -> None:
    own = giving(lambda backbone: Weights(state=_state(), source="x", mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0)))
    encoder = build_encoder(small(), own, seed=0, reporter=Silent())
    assert (encoder.mean, encoder.std) == ((0, 0, 0), (1, 1, 1))


def test_a_checkpoint_is_loaded_and_named_without_its_folder(tmp_path: Path) -> None:
    state = _state()
    encoder = build_encoder(small(), _saved(tmp_path / "run.pth", {"state_dict": state}), seed=0, reporter=Silent())  # type: ignore[dict-item]
    assert encoder.weights_sha256 == state_digest(state)
    assert (encoder.pretraining, encoder.source) == ("run.pth", "run.pth (state_dict)")


def test_a_nested_tensor_is_the_fault_of_its_checkpoint(tmp_path: Path) -> None:
    state = _state() | {next(iter(_state())): torch.nested.nested_tensor([torch.zeros(3), torch.zeros(2)])}
    with pytest.raises(ArtbenchError, match=r"run\.pth"):
        build_encoder(small(), _saved(tmp_path / "run.pth", state), seed=0, reporter=Silent())


def test_a_folder_that_pretraining_has_written_is_called_by_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "moco-art"
    folder.mkdir()
    save_file(_state(), folder / "encoder.safetensors")
    for path in (folder, folder / "encoder.safetensors"):
        encoder = build_encoder(small(), path, seed=0, reporter=Silent())
        assert (encoder.pretraining, encoder.source) == ("moco-art", "moco-art")


def test_half_precision_weights_are_cast_to_those_of_the_network(tmp_path: Path) -> None:
    state = {key: tensor.half() if tensor.is_floating_point() else tensor for key, tensor in _state().items()}
    encoder = build_encoder(small(), _saved(tmp_path / "half.pth", state), seed=0, reporter=Silent())
    assert all(parameter.dtype == torch.float32 for parameter in encoder.module.parameters())


class Versioned(Small):
    """Asks for the version of the layout of its weights, as torchvision's MNASNet does."""

    _version = 2

    def _load_from_state_dict(self, state: dict[str, torch.Tensor], prefix: str, metadata: Any, *rest: Any) -> None:
        if metadata.get("version") != self._version:
            raise ValueError("no version")
        super()._load_from_state_dict(state, prefix, metadata, *rest)


def test_a_network_gets_the_version_of_its_layout_that_it_needs(tmp_path: Path) -> None:
    state = _state()
    encoder = build_encoder(small(module=Versioned()), _saved(tmp_path / "x.pth", state), seed=0, reporter=Silent())
    assert encoder.weights_sha256 == state_digest(state)


def test_counters_of_batch_normalisation_may_be_missing(tmp_path: Path) -> None:
    state = _state()
    del state["norm.num_batches_tracked"]
    encoder = build_encoder(small(), _saved(tmp_path / "old.pth", state), seed=0, reporter=Silent())
    assert encoder.weights_sha256 == state_digest(state)


def test_a_weight_left_unset_is_refused_by_name(tmp_path: Path) -> None:
    state = _state()
    del state["norm.running_mean"], state["conv.bias"]
    with pytest.raises(ArtbenchError, match=r"2 of 6 weights of small unset: conv.bias \(missing\), norm.running_mean"):
        build_encoder(small(), _saved(tmp_path / "part.pth", state), seed=0, reporter=Silent())


def test_a_weight_of_another_shape_is_refused_by_name(tmp_path: Path) -> None:
    state = _state() | {"conv.weight": torch.zeros(8, 1, 3, 3)}
    with pytest.raises(ArtbenchError, match=r"conv.weight \(shape \(8, 1, 3, 3\), not \(8, 3, 3, 3\)\)"):
        build_encoder(small(), _saved(tmp_path / "grey.pth", state), seed=0, reporter=Silent())


@pytest.mark.parametrize(
    "tensor",
    [
        torch.zeros(8, 3, 3, 3, dtype=torch.int64),
        torch.zeros(8, 3, 3, 3, dtype=torch.complex64),
        torch.zeros(8, 3, 3, 3).to_sparse(),
    ],
)
def test_a_weight_of_another_kind_is_refused(tmp_path: Path, tensor: torch.Tensor) -> None:
    with pytest.raises(ArtbenchError, match=r"conv.weight \(.*, not float32\)"):
        build_encoder(
            small(), _saved(tmp_path / "odd.pth", _state() | {"conv.weight": tensor}), seed=0, reporter=Silent()
        )


def test_only_the_first_five_of_many_are_named(tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError) as caught:
        build_encoder(small(), _saved(tmp_path / "x.pth", {"conv.bias": torch.zeros(8)}), seed=0, reporter=Silent())
    assert "5 of 6" in str(caught.value)
    state = {"conv.bias": torch.zeros(7)}
    with pytest.raises(ArtbenchError, match=r"6 of 6 .*, …"):
        build_encoder(small(), _saved(tmp_path / "y.pth", state), seed=0, reporter=Silent())


def test_a_checkpoint_of_another_network_tells_what_it_holds(tmp_path: Path) -> None:
    state = {f"blocks.{i}.attn.weight": torch.zeros(1) for i in range(9)}
    with pytest.raises(ArtbenchError, match=r"no weight of small: it holds blocks.0.attn.weight, .*, …"):
        build_encoder(small(), _saved(tmp_path / "vit.pth", state), seed=0, reporter=Silent())


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(tmp_path: Path, value: float) -> None:
    state = _state()
    state["conv.bias"][3] = value
    with pytest.raises(ArtbenchError, match=r"NaN or infinity in 1 weights: conv.bias"):
        build_encoder(small(), _saved(tmp_path / "nan.pth", state), seed=0, reporter=Silent())


def test_what_the_backbone_lacks_is_left_out_in_one_notice(tmp_path: Path) -> None:
    state = _state() | {"fc.weight": torch.zeros(2), "fc.bias": torch.zeros(2)}
    reporter = RecordingReporter()
    build_encoder(small(), _saved(tmp_path / "x.pth", state), seed=0, reporter=reporter)
    assert reporter.notices == ["x.pth: left out 2 tensors that small does not have: fc.weight, fc.bias"]
    reporter = RecordingReporter()
    build_encoder(small(), giving(lambda backbone: Weights(state=state, source="x")), seed=0, reporter=reporter)
    assert reporter.notices == ["method: left out 2 tensors that small does not have: fc.weight, fc.bias"]


def test_the_choice_among_several_sets_is_reported(tmp_path: Path) -> None:
    reporter = RecordingReporter()
    content = {"model": _state(1), "model_ema": _state(2)}
    encoder = build_encoder(small(), _saved(tmp_path / "x.pth", content), seed=0, reporter=reporter)  # type: ignore[arg-type]
    assert encoder.weights_sha256 == state_digest(_state(2))
    assert reporter.notices == ["x.pth: took the weights in model_ema; others there fit as well: model"]


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (small(feature_dim=9), r"\(2, 8\) for 2 images of 244 x 244, not \(2, 9\)"),
        (small(module=torch.nn.Conv2d(3, 8, 3)), r"features of shape \(2, 8, 242, 242\)"),
        (small(module=torch.nn.Linear(5, 8)), "backbone small failed"),
        (small(std=(1.0, 0.0, 1.0)), "not above zero"),
        (small(mean=(0.5,)), "not three numbers"),
        (BackboneSpec(name="odd", description="x", factory=Small), "returns a Small, not a Backbone"),  # type: ignore[arg-type]
        (BackboneSpec(name="odd", description="x", factory="no.such.module:f"), "backbone odd failed"),
    ],
)
def test_a_backbone_that_is_not_what_it_says_is_named(spec: BackboneSpec, reason: str) -> None:
    with pytest.raises(ArtbenchError, match=reason):
        build_encoder(spec, INITIAL, seed=0, reporter=Silent())


def test_a_pretraining_that_gives_no_weights_is_named() -> None:
    with pytest.raises(ArtbenchError, match=r"pretraining method for small failed.*returns a dict"):
        build_encoder(small(), giving(lambda backbone: {}), seed=0, reporter=Silent())  # type: ignore[arg-type, return-value]


def test_what_a_plugin_prints_does_not_reach_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    def chatty(backbone: Backbone) -> Weights:
        print("loading")
        return Weights(state=_state(), source="x")

    build_encoder(small(), giving(chatty), seed=0, reporter=Silent())
    assert capsys.readouterr().out == ""
