"""A perceptron with one hidden layer."""

import numpy as np
import torch
from torch import nn

from artbench.data import Examples, FeatureRows, Fitted, Fitting, HeldOut


def fit(given: Fitting) -> Fitted:
    """Choose the decay of the weights by the loss on the images set apart, then fit on all."""

    def held_out(decay: float) -> list[HeldOut]:
        apart = [(fold, answer(given, fold.fit_on, fold.choose_on.features, decay)) for fold in given.folds]
        return [HeldOut(labels=fold.choose_on.labels, outputs=outputs) for fold, outputs in apart]

    tried = {decay: held_out(decay) for decay in given.settings["decays"]}
    losses = {decay: sum(map(loss, held)) for decay, held in tried.items()}
    best = min(losses, key=lambda decay: losses[decay])
    outputs = answer(given, given.images, given.test, best)
    return Fitted(outputs=outputs, summary={"decay": best, "losses": list(losses.values())}, held_out=tried[best])


def loss(held: HeldOut) -> float:
    """Return the log loss over some images."""
    chances = held.outputs[np.arange(len(held.labels)), held.labels.astype(int)]
    return float(-np.log(np.maximum(chances, 1e-6)).sum())


def answer(given: Fitting, examples: Examples, features: FeatureRows, decay: float) -> np.ndarray:
    """Fit on some images, and return the probability of each grade for others, float64, shape (n, grades)."""
    torch.manual_seed(given.seed)
    known = torch.from_numpy(np.concatenate(list(examples.features.batches())))
    mean, scale = known.mean(dim=0), known.std(dim=0, correction=0).clamp(min=1e-6)
    x, labels, hidden = (known - mean) / scale, torch.from_numpy(examples.labels.astype(int)), given.settings["hidden"]
    head = nn.Sequential(nn.Linear(known.shape[1], hidden), nn.ReLU(), nn.Linear(hidden, given.classes))
    optimizer = torch.optim.AdamW(head.parameters(), lr=given.settings["rate"], weight_decay=decay)
    for _ in range(given.settings["steps"]):
        optimizer.zero_grad()
        nn.functional.cross_entropy(head(x), labels).backward()
        optimizer.step()
    with torch.no_grad():
        logits = [head((torch.from_numpy(batch) - mean) / scale) for batch in features.batches()]
        return torch.cat(logits).double().softmax(dim=1).numpy()
