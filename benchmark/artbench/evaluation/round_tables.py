"""The tables that lie beside a record: of classes, confusions and probes."""

from collections.abc import Sequence

import numpy as np

from artbench.data.neighbourhoods import Neighbourhoods
from artbench.data.opening import OpenTask
from artbench.data.outputs import Leading, joined
from artbench.data.rankings import Rankings
from artbench.evaluation.rounds import Round
from artbench.plugins.known import form_of
from artbench.probe.linear import FittedProbe
from artbench.probe.ridge import FittedRidge
from artbench.records.probe import StoredProbe, probe_columns
from artbench.records.tables import Tables
from artbench.specs.targets import SEARCHED
from artbench.stats.per_class import class_table, confusion, ranking_table, single_class_table


def tables(task: OpenTask, rounds: Sequence[Round]) -> Tables:
    """Make the tables of classes and confusions over all rounds together and of the probes.

    Of years, rankings and neighbours there are none.

    A label of a multi-label task counts as predicted above the threshold that is best for micro F1.
    """
    fitted = [round_.answers.fitted for round_ in rounds if round_.answers is not None]
    kept = probe_columns([_stored(one) for one in fitted]) if fitted else None
    return {**_scores(task, rounds), **({} if kept is None else {"probe": kept})}


def _stored(fitted: FittedProbe | FittedRidge) -> StoredProbe:
    weight = np.asarray(fitted.weight, np.float32)
    return StoredProbe(weight=weight.reshape(len(weight), -1), bias=np.atleast_1d(np.asarray(fitted.bias, np.float32)))


def _scores(task: OpenTask, rounds: Sequence[Round]) -> Tables:
    classes = task.targets.classes
    if form_of(task.spec.target) in ("number", *SEARCHED):
        return {}
    labels = np.concatenate([round_.test.labels for round_ in rounds])
    outputs = joined([round_.outputs for round_ in rounds])
    assert not isinstance(outputs, Rankings | Neighbourhoods)
    if isinstance(outputs, Leading):
        predicted = outputs.classes[:, 0]
        return {
            "classes": single_class_table(labels, predicted, classes=classes),
            "confusion": confusion(labels, predicted, classes=classes),
        }
    chosen = [one for round_ in rounds for one in (round_.own, round_.answers and round_.answers.fitted) if one]
    limits = [one.thresholds.get("micro_f1", 0.5) for one in chosen]
    above = outputs >= np.repeat(np.array(limits, outputs.dtype), [len(round_.test) for round_ in rounds])[:, None]
    return {"classes": {**class_table(labels, above, classes=classes), **ranking_table(labels, outputs)}}
