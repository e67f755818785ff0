"""Batch norm in groups, against a copy of the network for each group."""

import copy
from collections.abc import Callable, Sequence

import pytest
import torch
from timm.layers import BatchNormAct2d
from torch import nn

from artbench.errors import ArtbenchError
from artbench.pretrain.grouped_norm import GroupedNorm, GroupedStatistics, grouped
from tests.support.operations import operations

GROUPS = 3


def alone(_: Sequence[torch.Tensor]) -> None:
    """The mean over the only process."""


def convolutions() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 6, 3, bias=False),
        BatchNormAct2d(6),
    ).to(memory_format=torch.channels_last)


def head() -> nn.Module:
    return nn.Sequential(nn.Flatten(1), nn.Linear(108, 7, bias=False), nn.BatchNorm1d(7, affine=False))


def lines() -> nn.Module:
    return nn.Sequential(
        nn.Flatten(2), nn.BatchNorm1d(3, affine=False, track_running_stats=False), nn.BatchNorm1d(3, momentum=0.3)
    )


def gradient(parameter: nn.Parameter) -> torch.Tensor:
    assert parameter.grad is not None
    return parameter.grad


@pytest.mark.parametrize("make", [convolutions, head, lines])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_groups_are_normalised_as_by_a_copy_of_the_network_for_each(
    make: Callable[[], nn.Module], dtype: torch.dtype
) -> None:
    torch.manual_seed(0)
    network = make()
    copies = [copy.deepcopy(network) for _ in range(2 * GROUPS)]
    first, second = (
        3 * torch.randn(4 * GROUPS, 3, 6, 6).contiguous(memory_format=torch.channels_last) + 1 for _ in range(2)
    )
    statistics = GroupedStatistics(network, groups=GROUPS)
    tolerance = {torch.float32: 1e-5, torch.bfloat16: 2e-2}[dtype]
    # Two micro-batches, each with two passes, as of two views.
    for micro in range(2):
        of = copies[micro * GROUPS : (micro + 1) * GROUPS]
        views = (first + micro, second + micro)
        with torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
            with grouped([statistics], groups=GROUPS, keep=statistics):
                made = torch.cat([network(images) for images in views]).float()
            passes = [zip(of, images.chunk(GROUPS), strict=True) for images in views]
            expected = torch.cat([part(rows) for parts in passes for part, rows in parts]).float()
        torch.testing.assert_close(made, expected, atol=tolerance, rtol=tolerance)
        torch.autograd.backward([(made**3).sum(), (expected**3).sum()])
    for name, parameter in network.named_parameters():
        summed = torch.stack([gradient(part.get_parameter(name)) for part in copies]).sum(dim=0)
        scale = float(summed.abs().max()) + 1
        found = gradient(parameter)
        torch.testing.assert_close(found / scale, summed / scale, atol=tolerance, rtol=tolerance, msg=name)
    statistics.take_mean(alone)
    for name, buffer in network.named_buffers():
        found = torch.stack([dict(part.named_buffers())[name] for part in copies])
        mean = found.mean(dim=0) if buffer.is_floating_point() else found[0]
        torch.testing.assert_close(buffer, mean, atol=tolerance, rtol=tolerance, msg=name)


def test_the_network_is_itself_again_and_keeps_nothing_unless_told() -> None:
    network = convolutions()
    other = copy.deepcopy(network)
    before = {name: tensor.clone() for name, tensor in network.state_dict(keep_vars=True).items()}
    places = {name: tensor.data_ptr() for name, tensor in network.state_dict().items()}
    statistics, unused = GroupedStatistics(network, groups=2), GroupedStatistics(other, groups=2)
    with grouped([statistics, unused], groups=2, keep=unused):
        network(torch.randn(4, 3, 6, 6))
    statistics.take_mean(alone)
    assert {name: tensor.data_ptr() for name, tensor in network.state_dict().items()} == places
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_channels_stay_last_in_memory() -> None:
    images = torch.randn(6, 4, 5, 5).contiguous(memory_format=torch.channels_last)
    with GroupedNorm(2):
        made = nn.functional.batch_norm(images, None, None, training=True)
    assert made.is_contiguous(memory_format=torch.channels_last)


def test_the_number_of_operations_does_not_depend_on_the_number_of_groups() -> None:
    network, images = convolutions(), torch.randn(12, 3, 6, 6)

    def step(groups: int) -> int:
        statistics = GroupedStatistics(network, groups=groups)
        with operations() as counted:
            with grouped([statistics], groups=groups, keep=statistics):
                network(images).sum().backward()
            statistics.take_mean(alone)
        return len(counted)

    assert step(6) == step(2)


def test_evaluation_uses_the_networks_own_statistics() -> None:
    network, images = convolutions().eval(), torch.randn(6, 3, 6, 6)
    with GroupedNorm(2):
        assert torch.equal(network(images), network(images))
        made = network(images)
    assert torch.equal(made, network(images))


def test_a_batch_that_can_not_be_divided_is_refused() -> None:
    with GroupedNorm(3), pytest.raises(ArtbenchError, match="given 4 images, which can't be divided into 3"):
        nn.functional.batch_norm(torch.randn(4, 2), None, None, training=True)
