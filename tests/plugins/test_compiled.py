"""`--compile` of whole passes covers networks, loss and backward pass, and changes no number."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch._dynamo.backends.common import aot_autograd

from tests.plugins.test_whole_passes import METHODS, tensors
from tests.support.method_bench import Bench, bench

BATCH = ("batch_size=24", "sub_batch=6", "optimizer=sgd", "weight_decay=0.001")
# The last operations of each loss.
LOSSES = {
    "moco-v1": "log_softmax",
    "moco-v2": "log_softmax",
    "moco-v3": "log_softmax",
    "simclr": "mul",
    "byol": "mul",
    "dino": "log_softmax",
}
Graphs = list[tuple[str, list[str]]]


@pytest.fixture
def graphs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Graphs]:
    """The graphs that are compiled, by `forward` and `backward`, with their operations, which run as they are.

    Code for the machine would take minutes.
    """
    found: Graphs = []

    def noting(kind: str) -> Any:
        def note(graph: torch.fx.GraphModule, _: object) -> Any:
            found.append((kind, [str(node.target) for node in graph.graph.nodes if node.op == "call_function"]))
            return graph

        return note

    backend = aot_autograd(fw_compiler=noting("forward"), bw_compiler=noting("backward"))
    compile_ = torch.compile
    monkeypatch.setattr(torch, "compile", lambda *given, **more: compile_(*given, **{**more, "backend": backend}))
    torch.compiler.reset()
    yield found
    torch.compiler.reset()


def step(made: Bench, number: int) -> None:
    """A step with parts of a sub-batch each."""
    made.objective.epoch = number
    made.stepper.update(number, made.views(number), lr=0.1, progress=0.0)


@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore:Your compiler for AOTAutograd")
@pytest.mark.parametrize(
    "name", [name if name == "moco-v2" else pytest.param(name, marks=pytest.mark.slow) for name in METHODS]
)
def test_loss_and_backward_are_one_graph_each_for_all_parts_and_steps(name: str, graphs: Graphs) -> None:
    make, pairs = METHODS[name]
    plain = bench(make(), *BATCH, *pairs, threads=0, micro_batch=6)
    compiled = bench(make(), *BATCH, *pairs, threads=0, micro_batch=6, compiled=True)
    for number in range(4):
        step(plain, number)
        step(compiled, number)
    expected = tensors(plain)
    for part, tensor in tensors(compiled).items():
        torch.testing.assert_close(tensor, expected[part], atol=1e-9, rtol=1e-9, msg=part)
    backward = [operations for kind, operations in graphs if kind == "backward"]
    forward = [
        operations
        for kind, operations in graphs
        if kind == "forward" and any("convolution" in one for one in operations) and len(operations) > 30
    ]
    # Numbers of places and epochs are seen to change, and not compiled for each.
    assert 1 <= len(backward) <= 4
    assert all(any("convolution_backward" in one for one in operations) for operations in backward)
    assert any(any(LOSSES[name] in one for one in operations) for operations in forward)
