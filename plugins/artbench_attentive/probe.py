"""The attentive probe: its settings are chosen on held-out images, and it is trained on all with these."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from artbench.data import Fitted, Fitting, HeldOut
from artbench_attentive.learner import Plan, answer, train
from artbench_attentive.settings import Setting, grid


def fit(fitting: Fitting) -> Fitted:
    """Choose rate, weight decay and epochs by the mean loss on held-out images, then train on all images.

    On a tie the setting that comes first counts: fewer epochs, more decay, a smaller rate. Without images to choose on,
    the one in the middle.
    """
    given = fitting.settings
    plan = Plan.of(
        given,
        answer=fitting.answer,
        outputs=1 if fitting.answer == "number" else fitting.classes,
        seed=fitting.seed,
        device=fitting.device,
    )
    settings = grid(given)
    answers: list[list[NDArray[np.float32]]] = []
    losses = np.zeros(len(settings))
    total = sum(len(fold.choose_on) for fold in fitting.folds)
    for fold in fitting.folds:
        learners = train(plan, settings, fold.fit_on)
        found, lost = answer(plan, learners, fold.choose_on.features, fold.choose_on.labels)
        answers.append(found)
        losses += np.array(lost) * len(fold.choose_on) / total
    # A training that has diverged has no loss.
    chosen = int(np.nan_to_num(losses, nan=np.inf).argmin()) if fitting.folds else (len(settings) - 1) // 2
    (final,) = train(plan, [settings[chosen]], fitting.images)
    (outputs,), _ = answer(plan, [final], fitting.test)
    best = settings[chosen]
    return Fitted(
        outputs=outputs,
        summary={
            "rate": best.rate,
            "decay": best.decay,
            "epochs": best.epochs,
            "parameters": sum(weight.numel() for weight in final.head.parameters()),
            "tokens": list(fitting.test.shape),
            "losses": _table(settings, losses) if fitting.folds else [],
        },
        held_out=[
            HeldOut(labels=fold.choose_on.labels, outputs=found[chosen])
            for fold, found in zip(fitting.folds, answers, strict=True)
        ],
    )


def _table(settings: Sequence[Setting], losses: NDArray[np.float64]) -> list[dict[str, float | None]]:
    return [
        {
            "rate": setting.rate,
            "decay": setting.decay,
            "epochs": setting.epochs,
            "loss": round(float(loss), 6) if np.isfinite(loss) else None,
        }
        for setting, loss in zip(settings, losses, strict=True)
    ]
