"""Learning rate and momentum over a training, and the optimiser that torch lacks."""

import pytest
import torch

from artbench.errors import UsageError
from artbench.pretrain.method import ParameterGroup
from artbench.pretrain.optimizers import LARS, make_optimizer
from artbench.pretrain.schedule import cosine_to_one, learning_rate, plan
from artbench.pretrain.settings import Settings
from tests.support.operations import operations


def settings(**values: object) -> Settings:
    return Settings.model_validate({"batch_size": 256, "lr": 1.0, **values})


def test_the_length_follows_from_epochs_or_steps() -> None:
    assert plan(settings(epochs=10), [600, 400]).steps == 30
    assert plan(settings(steps=7), [600, 400]).steps == 7
    with pytest.raises(UsageError, match="255 images, fewer than a batch of 256"):
        plan(settings(), [255])
    with pytest.raises(UsageError, match="1 image, fewer"):
        plan(settings(), [1])
    with pytest.raises(UsageError, match="warm-up"):
        plan(settings(epochs=3, warmup_epochs=3), [600, 400])


def test_cosine_with_warm_up() -> None:
    chosen = settings(epochs=100, warmup_epochs=10)
    length = plan(chosen, [256])
    rates = [learning_rate(chosen, length, step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9] == rates[10] == 1
    assert rates[55] == pytest.approx(0.5)
    assert rates[99] < 0.001
    assert rates[10:] == sorted(rates[10:], reverse=True)


def test_a_tenth_at_each_milestone_as_in_the_first_moco() -> None:
    chosen = settings(epochs=200, schedule="steps")
    length = plan(chosen, [256])
    rates = [learning_rate(chosen, length, step) for step in (0, 119, 120, 159, 160, 199)]
    assert rates == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])


def test_momentum_rises_to_one() -> None:
    assert cosine_to_one(0.99, 0) == pytest.approx(0.99)
    assert cosine_to_one(0.99, 0.5) == pytest.approx(0.995)
    assert cosine_to_one(0.99, 1) == 1


def test_lars_scales_matrices_and_leaves_biases_alone() -> None:
    torch.manual_seed(0)
    matrix, bias = (torch.nn.Parameter(torch.randn(shape)) for shape in ((3, 4), (3,)))
    optimizer = LARS([matrix, bias], lr=0.5, momentum=0.9, weight_decay=0.01)
    expected = [matrix.detach().clone(), bias.detach().clone()]
    momenta = [torch.zeros(3, 4), torch.zeros(3)]
    for _ in range(3):
        matrix.grad, bias.grad = torch.randn(3, 4), torch.randn(3)
        decayed = matrix.grad + 0.01 * expected[0]
        scaled = decayed * 0.001 * expected[0].norm() / decayed.norm()
        for number, gradient in enumerate((scaled, bias.grad)):
            momenta[number] = 0.9 * momenta[number] + gradient
            expected[number] = expected[number] - 0.5 * momenta[number]
        optimizer.step()
    torch.testing.assert_close(matrix.detach(), expected[0])
    torch.testing.assert_close(bias.detach(), expected[1])


def test_lars_asks_for_no_more_operations_for_more_parameters() -> None:
    counts = []
    for layers in (2, 20):
        network = torch.nn.Sequential(*(torch.nn.Linear(4, 4) for _ in range(layers)))
        optimizer = LARS(network.parameters(), lr=0.5, momentum=0.9, weight_decay=0.01)
        for _ in range(2):
            for parameter in network.parameters():
                parameter.grad = torch.ones_like(parameter)
            # The first step makes the momenta.
            with operations() as counted:
                optimizer.step()
        counts.append(len(counted))
    assert counts[1] == counts[0]


@pytest.mark.parametrize("name", ["sgd", "lars", "adamw"])
def test_every_optimizer_lowers_a_loss(name: str) -> None:
    weights = torch.nn.Parameter(torch.ones(4, 4))
    optimizer = make_optimizer(settings(optimizer=name, lr=0.1), [ParameterGroup(parameters=[weights])])
    before = float(weights.detach().square().sum())
    for _ in range(5):
        weights.grad = 2 * weights.detach()
        optimizer.step()
    assert float(weights.detach().square().sum()) < before
