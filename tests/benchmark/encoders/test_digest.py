import hashlib
import struct

import pytest
import torch

from artbench.encoders.weights import state_digest


def test_it_is_the_hash_of_names_types_shapes_and_little_endian_bytes() -> None:
    # The digest stands in records: it may not change from one version to the next.
    state = {"b": torch.tensor([1.0, -2.0]), "a": torch.tensor(3)}
    expected = hashlib.sha256(
        b"artbench weights\n"
        + b"a\0int64\0()\n"
        + struct.pack("<q", 3)
        + b"b\0float32\0(2,)\n"
        + struct.pack("<2f", 1, -2)
    )
    assert state_digest(state) == expected.hexdigest()


def test_it_does_not_depend_on_order_or_layout_in_memory() -> None:
    tensor = torch.randn(4, 3, 5, 5)
    other = torch.zeros(4, 3, 5, 10)[..., ::2]
    other.copy_(tensor)
    same = [tensor, tensor.contiguous(memory_format=torch.channels_last), other, torch.nn.Parameter(tensor)]
    assert len({state_digest({"x": torch.ones(1), "w": one}) for one in same}) == 1
    assert state_digest({"x": torch.ones(1), "w": tensor}) == state_digest({"w": tensor, "x": torch.ones(1)})


@pytest.mark.parametrize(
    "other",
    [
        {"w": torch.zeros(2, 3)},
        {"v": torch.zeros(6)},
        {"w": torch.zeros(6, dtype=torch.float16)},
        {"w": torch.tensor([0.0, 0, 0, 0, 0, 1e-30])},
        {"w": torch.zeros(6), "v": torch.zeros(0)},
    ],
)
def test_any_difference_of_name_type_shape_or_value_gives_another(other: dict[str, torch.Tensor]) -> None:
    assert state_digest(other) != state_digest({"w": torch.zeros(6)})


def test_types_that_numpy_lacks_can_be_named() -> None:
    assert len(state_digest({"w": torch.ones(3, dtype=torch.bfloat16), "b": torch.tensor(True)})) == 64


def test_counters_of_batch_normalisation_do_not_count() -> None:
    norm = torch.nn.BatchNorm2d(3)
    before = state_digest(norm.state_dict())
    norm.num_batches_tracked.fill_(7)  # type: ignore[union-attr]
    assert state_digest(norm.state_dict()) == before
