"""The training of heads: several of them, with settings of their own, see the same batches of tokens."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from artbench.data import Examples, Labels
from artbench.data.fitting import FeatureRows
from artbench.specs import AnswerForm
from artbench_attentive.head import HEADS
from artbench_attentive.settings import Setting

# A loss that float32 can't tell from that of certainty about another class, so that few images don't outweigh all.
_WORST = 35.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is the same for all heads: the settings of the protocol.

    Attributes:
        pooling: `efficient` or `aim`.
        queries: Number of queries, or of AIM's attention heads.
        batch: Images in a step.
        warm_up: Share of the steps in which the rate rises; then it falls to 0 along a cosine.
        answer: Form of the answers.
        outputs: Number of outputs.
        seed: Seed of weights and of the order of images.
        device: Device that the heads are trained on.
    """

    pooling: str
    queries: int
    batch: int
    warm_up: float
    answer: AnswerForm
    outputs: int
    seed: int
    device: str

    @classmethod
    def of(cls, settings: Mapping[str, Any], *, answer: AnswerForm, outputs: int, seed: int, device: str) -> "Plan":
        """Read the settings of a protocol."""
        same = {name: settings[name] for name in ("pooling", "queries", "batch", "warm_up")}
        return cls(**same, answer=answer, outputs=outputs, seed=seed, device=device)


class Learner:
    """A head, its optimiser, and the labels that it learns.

    Args:
        plan: What is the same for all heads.
        setting: Its own.
        width: Length of a token.
        labels: Labels of the images, as `Examples.labels`.
    """

    def __init__(self, plan: Plan, setting: Setting, *, width: int, labels: Labels) -> None:
        self.setting, self._answer = setting, plan.answer
        # Numbers are learnt as distances from their mean, in standard deviations.
        numbers = labels.dtype == np.float64
        self._mean, self._scale = (float(labels.mean()), float(labels.std()) or 1.0) if numbers else (0.0, 1.0)
        # All heads of a seed begin alike.
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(plan.seed)
            self.head = HEADS[plan.pooling](width=width, outputs=plan.outputs, queries=plan.queries)
        self.head.to(plan.device)
        matrices = [weight for weight in self.head.parameters() if weight.ndim > 1]
        biases = [weight for weight in self.head.parameters() if weight.ndim == 1]
        groups: list[dict[str, Any]] = [{"params": matrices}, {"params": biases, "weight_decay": 0.0}]
        self._optimiser = torch.optim.AdamW(groups, lr=setting.rate, weight_decay=setting.decay)
        self._labels = self._targets(labels).to(plan.device)
        self._warm_up = plan.warm_up

    def step(self, tokens: torch.Tensor, images: torch.Tensor, *, done: float) -> None:
        """Learn from some images.

        Args:
            tokens: Their tokens, shape (n, t, d).
            images: Their numbers, from 0.
            done: Share of the training that lies behind, in [0, 1).
        """
        rising = done < self._warm_up
        share = done / self._warm_up if rising else (done - self._warm_up) / (1 - self._warm_up)
        for group in self._optimiser.param_groups:
            group["lr"] = self.setting.rate * (share if rising else (1 + math.cos(math.pi * share)) / 2)
        self._optimiser.zero_grad(set_to_none=True)
        self._losses(self.head(tokens), self._labels[images]).mean().backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()

    def answers(self, tokens: torch.Tensor, labels: Labels | None) -> tuple[NDArray[np.float32], float]:
        """Return answers, as `Fitted.outputs`, and the sum of the losses; 0 without labels."""
        with torch.inference_mode():
            outputs = self.head.eval()(tokens)
            losses = outputs.new_zeros(1)
            if labels is not None:
                losses = self._losses(outputs, self._targets(labels).to(outputs.device)).clamp(max=_WORST)
            match self._answer:
                case "class":
                    found = outputs.softmax(dim=1)
                case "labels":
                    found = outputs.sigmoid()
                case _:
                    found = outputs[:, 0] * self._scale + self._mean
            return found.float().cpu().numpy(), float(losses.sum())

    def _targets(self, labels: Labels) -> torch.Tensor:
        if labels.dtype == np.int64:
            return torch.from_numpy(labels)
        return torch.from_numpy(((labels - self._mean) / self._scale).astype(np.float32))

    def _losses(self, outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """The loss of each image: of labels, the sum over them; of numbers, half the squared error."""
        match self._answer:
            case "class":
                return functional.cross_entropy(outputs, labels, reduction="none")
            case "labels":
                return functional.binary_cross_entropy_with_logits(outputs, labels, reduction="none").sum(dim=1)
            case _:
                return (outputs[:, 0] - labels).square() / 2


def train(plan: Plan, settings: Sequence[Setting], images: Examples) -> list[Learner]:
    """Train a head with each setting, all on the same batches, in as many passes as the longest training has."""
    width = images.features.shape[-1]
    learners = [Learner(plan, setting, width=width, labels=images.labels) for setting in settings]
    steps = math.ceil(len(images) / plan.batch)
    for learner in learners:
        learner.head.train()
    for epoch in range(max(setting.epochs for setting in settings)):
        order = np.random.default_rng([plan.seed, epoch]).permutation(len(images))
        for number, (at, tokens) in enumerate(_batches(images.features, plan, order=order)):
            if len(at) < 2:
                continue  # The statistics of one image normalise nothing.
            for learner in learners:
                if epoch < learner.setting.epochs:
                    done = (epoch * steps + number) / (steps * learner.setting.epochs)
                    learner.step(tokens, torch.from_numpy(at).to(plan.device), done=done)
    return learners


def answer(
    plan: Plan, learners: Sequence[Learner], features: FeatureRows, labels: Labels | None = None
) -> tuple[list[NDArray[np.float32]], list[float]]:
    """Return the answers of each head to the same images, and its mean loss; 0 without labels."""
    shape = (len(features),) if plan.answer == "number" else (len(features), plan.outputs)
    found, losses = [np.empty(shape, np.float32) for _ in learners], [0.0] * len(learners)
    for at, tokens in _batches(features, plan, order=np.arange(len(features))):
        for number, learner in enumerate(learners):
            part, loss = learner.answers(tokens, None if labels is None else labels[at])
            found[number][at] = part
            losses[number] += loss / len(features)
    return found, losses


def _batches(
    features: FeatureRows, plan: Plan, *, order: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], torch.Tensor]]:
    start = 0
    for block in features.batches(plan.batch, order=order):
        yield order[start : start + len(block)], torch.from_numpy(block).to(plan.device)
        start += len(block)
