"""Gradients are sent while the backward pass goes on, the last layers first."""

from collections.abc import Sequence

import torch

from artbench.pretrain.exchange import Exchange, GradientBuckets
from artbench.runtime.distributed import Group

# A square of weights that fills a bucket of its own: 27 MB.
SIDE = 2600


class Listening(Exchange):
    """Two processes with the same gradients; notes how many gradients are there whenever some are sent."""

    def __init__(self, parameters: Sequence[torch.nn.Parameter]) -> None:
        super().__init__(Group(), "cpu")
        self.size = 2
        self.there: list[int] = []
        self._parameters = parameters

    def begin_sum(self, tensor: torch.Tensor) -> None:
        self.there.append(sum(parameter.grad is not None for parameter in self._parameters))
        tensor.mul_(2)


def layers(count: int) -> torch.nn.Sequential:
    return torch.nn.Sequential(*(torch.nn.Linear(SIDE, SIDE, bias=False) for _ in range(count)))


def test_a_bucket_is_sent_as_soon_as_its_gradients_are_there() -> None:
    torch.manual_seed(0)
    network, images = layers(3), torch.randn(1, SIDE)
    parameters = list(network.parameters())
    expected = torch.autograd.grad(network(images).square().sum(), parameters)
    exchange = Listening(parameters)
    with GradientBuckets(parameters, exchange).averaging():
        network(images).square().sum().backward()
    assert exchange.there == [1, 2, 3]
    for parameter, gradient in zip(parameters, expected, strict=True):
        assert parameter.grad is not None
        torch.testing.assert_close(parameter.grad, gradient)


def test_buckets_after_one_that_gets_no_gradient_are_sent_at_the_end_and_it_is_0() -> None:
    network, images = layers(3), torch.ones(1, SIDE)
    parameters = list(network.parameters())
    exchange = Listening(parameters)
    with GradientBuckets(parameters, exchange).averaging():
        network[0](network[1](images)).sum().backward()
    assert exchange.there == [3, 3, 3]
    assert parameters[2].grad is not None
    assert not parameters[2].grad.any()
