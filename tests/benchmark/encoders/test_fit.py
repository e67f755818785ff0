from collections.abc import Callable, Mapping
from typing import Any

import pytest
import timm
import torch
import torchvision

from artbench.encoders.fit import difference, fit_checkpoint, shown, tensor_names
from artbench.encoders.weights import state_digest

State = Mapping[str, torch.Tensor]


def _prefixed(state: State, prefix: str) -> dict[str, torch.Tensor]:
    return {prefix + key: tensor for key, tensor in state.items()}


def _moco_v2(state: State, other: State) -> dict[str, Any]:
    head = {"module.encoder_q.fc.0.weight": torch.zeros(512, 512), "module.queue": torch.zeros(128, 8)}
    both = _prefixed(state, "module.encoder_q.") | _prefixed(other, "module.encoder_k.")
    return {"epoch": 200, "arch": "resnet18", "state_dict": both | head, "optimizer": {"state": {}}}


def _moco_v3(state: State, other: State) -> dict[str, Any]:
    both = _prefixed(other, "module.momentum_encoder.") | _prefixed(state, "module.base_encoder.")
    return {"state_dict": both | {"module.predictor.0.weight": torch.zeros(4, 4)}}


def _dino(state: State, other: State) -> dict[str, Any]:
    student = _prefixed(other, "module.backbone.") | {"module.head.mlp.0.weight": torch.zeros(2, 2)}
    return {"student": student, "teacher": _prefixed(state, "module.backbone."), "epoch": 5}


def _vissl(state: State, other: State) -> dict[str, Any]:
    heads = {"0.clf.0.weight": torch.zeros(2, 2)}
    model = {"trunk": _prefixed(state, "_feature_blocks."), "heads": heads}
    return {"phase_idx": 3, "classy_state_dict": {"base_model": {"model": model, "meta": {}}, "train": True}}


def _as_sequence(state: State) -> dict[str, torch.Tensor]:
    """The names of `nn.Sequential(*list(resnet.children())[:-1])`."""
    places = {"conv1": 0, "bn1": 1, "layer1": 4, "layer2": 5, "layer3": 6, "layer4": 7}
    parts = [(key.partition("."), tensor) for key, tensor in state.items()]
    return {f"{places[name[0]]}.{name[2]}": tensor for name, tensor in parts if name[0] in places}


def _lightly(state: State, other: State) -> dict[str, Any]:
    momentum = _prefixed(_as_sequence(other), "backbone_momentum.")
    head = {"projection_head.layers.0.weight": torch.zeros(4, 4)}
    return {"state_dict": _prefixed(_as_sequence(state), "backbone.") | momentum | head, "global_step": 7}


def _within(state: State, inserted: str) -> dict[str, torch.Tensor]:
    """Wrap each stage, and the network."""
    return {inserted + key.replace("layer1.", f"layer1.{inserted}"): tensor for key, tensor in state.items()}


LAYOUTS: dict[str, Callable[[State, State], Any]] = {
    "plain": lambda state, other: state,
    "state_dict": lambda state, other: {"state_dict": state},
    "model": lambda state, other: {"model": state, "epoch": 3},
    "model_state_dict": lambda state, other: {"model_state_dict": state},
    "DataParallel": lambda state, other: {"state_dict": _prefixed(state, "module.")},
    "torch.compile": lambda state, other: _prefixed(state, "_orig_mod."),
    "compiled and distributed": lambda state, other: _prefixed(state, "module._orig_mod."),
    "timm with an average": lambda state, other: {"state_dict": other, "state_dict_ema": state},
    "an average, the other way": lambda state, other: {"model_ema": state, "model": other},
    "MoCo v1 and v2": _moco_v2,
    "MoCo v3": _moco_v3,
    "DINO": _dino,
    "DINO, teacher alone": lambda state, other: _prefixed(state, "backbone."),
    "solo-learn": lambda state, other: {
        "state_dict": _prefixed(state, "backbone.") | {"classifier.weight": other["conv1.weight"]}
    },
    "solo-learn, early": lambda state, other: {"state_dict": _prefixed(state, "encoder.")},
    "BYOL": lambda state, other: {"model": _prefixed(state, "online_network.") | _prefixed(other, "target_network.")},
    "a wrapper module": lambda state, other: _prefixed(state, "model."),
    "lightly": _lightly,
    "a sequence by itself": lambda state, other: _as_sequence(state),
    "VISSL": _vissl,
    "VISSL, by full names": lambda state, other: _prefixed(state, "trunk.base_model._feature_blocks."),
    "FSDP": lambda state, other: {"model": _within(state, "_fsdp_wrapped_module.")},
    "FSDP of fairscale": lambda state, other: _within(state, "_fpw_module."),
    "checkpointed and compiled stages": lambda state, other: _within(
        _within(state, "_checkpoint_wrapped_module."), "_orig_mod."
    ),
    "wrapped twice": lambda state, other: {"model": {"state_dict": _prefixed(state, "module.model.backbone.")}},
}


def _networks(library: str) -> tuple[State, State, State]:
    def make(seed: int, classes: int) -> State:
        torch.manual_seed(seed)
        if library == "timm":
            network = timm.create_model("resnet18", num_classes=classes)
        else:
            network = torchvision.models.resnet18()
            if not classes:
                network.fc = torch.nn.Identity()
        state: State = network.state_dict()
        return state

    return make(1, 1000), make(2, 1000), make(3, 0)


@pytest.fixture(scope="module", params=["timm", "torchvision"])
def networks(request: pytest.FixtureRequest) -> tuple[State, State, State]:
    """Weights that are meant, other weights of the same network, and the backbone to fill."""
    return _networks(request.param)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_weights(layout: str, networks: tuple[State, State, State]) -> None:
    state, other, wanted = networks
    fit = fit_checkpoint(LAYOUTS[layout](state, other), wanted)
    assert fit is not None
    expected = {key: tensor for key, tensor in state.items() if key in wanted}
    assert state_digest(fit.state) == state_digest(expected)


def test_tensors_beside_the_weights_are_named_as_in_the_file(networks: tuple[State, State, State]) -> None:
    state, other, wanted = networks
    fit = fit_checkpoint(_moco_v2(state, other), wanted)
    assert fit is not None
    assert fit.place == "state_dict, module.encoder_q."
    assert {"module.encoder_q.fc.0.weight", "module.queue", "module.encoder_k.conv1.weight"} <= set(fit.left_out)
    assert "module.encoder_q.conv1.weight" not in fit.left_out
    assert not fit.others


def test_another_set_that_fits_as_well_is_named(networks: tuple[State, State, State]) -> None:
    state, other, wanted = networks
    fit = fit_checkpoint(_dino(state, other), wanted)
    assert fit is not None
    assert (fit.place, fit.others) == ("teacher, module.backbone.", ("student, module.backbone.",))


def test_the_same_weights_twice_are_no_choice(networks: tuple[State, State, State]) -> None:
    state, _, wanted = networks
    fit = fit_checkpoint({"state_dict": state, "model": dict(state)}, wanted)
    assert fit is not None
    assert not fit.others


def test_a_whole_set_goes_before_a_preferred_one_with_gaps(networks: tuple[State, State, State]) -> None:
    state, other, wanted = networks
    gaps = {key: tensor for key, tensor in other.items() if not key.startswith("layer4")}
    fit = fit_checkpoint({"state_dict_ema": gaps, "state_dict": state}, wanted)
    assert fit is not None
    assert fit.place == "state_dict"


def test_names_of_a_backbone_that_look_like_a_prefix_stay() -> None:
    # torchvision's ViT has `encoder.` in its own names.
    torch.manual_seed(0)
    vit = torchvision.models.VisionTransformer(32, 16, 1, 2, 8, 16).state_dict()
    fit = fit_checkpoint({"state_dict": _prefixed(vit, "module.")}, vit)
    assert fit is not None
    assert set(fit.state) == set(vit)


def test_weights_that_fit_in_order_alone_are_not_taken(networks: tuple[State, State, State]) -> None:
    _, _, wanted = networks
    assert fit_checkpoint({f"layer{i}": tensor for i, tensor in enumerate(wanted.values())}, wanted) is None


@pytest.mark.parametrize(
    "content", [None, 3, [torch.ones(2)], torch.ones(2), {}, {"model": {"model": 1}}, {3: torch.ones(2)}]
)
def test_content_without_weights_fits_nothing(content: object) -> None:
    assert fit_checkpoint(content, {"w": torch.ones(2)}) is None
    assert tensor_names(content) == []


def test_a_mapping_that_holds_itself_comes_to_an_end() -> None:
    content: dict[str, Any] = {"w": torch.ones(2)}
    content["model"] = content["state_dict"] = content
    fit = fit_checkpoint(content, {"w": torch.zeros(2)})
    assert fit is not None
    assert fit.place == ""


def test_names_from_a_file_can_not_command_a_terminal() -> None:
    assert shown(["a\x1b[2J\n", "b" * 500, "c"], most=2) == "a?[2J?, " + "b" * 80 + ", …"


def test_tensors_of_odd_kinds_are_no_weights_and_no_crash() -> None:
    wanted = {"weight": torch.zeros(2, 3), "bias": torch.zeros(2)}
    odd = [
        torch.nested.nested_tensor([torch.zeros(3), torch.zeros(2)]),
        torch.zeros(2, 3).to_sparse(),
        torch.zeros(2, 3, device="meta"),
        torch.quantize_per_tensor(torch.zeros(2, 3), 0.1, 0, torch.qint8),
        torch.zeros(2, 3, dtype=torch.complex64),
        torch.zeros(()),
    ]
    for tensor in odd:
        for content in ({"weight": tensor}, {"weight": tensor, "state_dict": {"weight": tensor}}):
            fit = fit_checkpoint(content, wanted)
            assert fit is not None
            assert difference(fit.state["weight"], wanted["weight"])
