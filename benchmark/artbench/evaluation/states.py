"""What goes on record about the rounds of a task."""

from collections.abc import Mapping, Sequence

from artbench.evaluation.rounds import Round
from artbench.protocol import Protocol
from artbench.records.own_probe import OwnProbeState
from artbench.records.parts import Metric, NeighboursState, ProbeState, RoundState
from artbench.specs import MetricSpec
from artbench.stats.bootstrap import Estimate
from artbench.stats.metrics import METRICS
from artbench.stats.scoring import Scorer


def metric_states(estimates: Mapping[str, Estimate]) -> dict[str, Metric]:
    """Return metrics as they go on record."""
    return {name: _metric(METRICS[name], one) for name, one in estimates.items()}


def _metric(spec: MetricSpec, found: Estimate) -> Metric:
    # Leaderboards know the direction of built-in metrics.
    direction = None if spec.statistic == "counts" else spec.higher_is_better
    return Metric(value=found.value, ci95=found.ci95, unit=spec.unit, higher_is_better=direction)


def round_state(round_: Round, protocol: Protocol) -> RoundState:
    """Return what goes on record about a round."""
    return RoundState(
        train=round_.fitted_on,
        test=len(round_.test),
        metrics={name: sampled.value for name, sampled in round_.metrics.items()},
        neighbours={name: sampled.value for name, sampled in round_.neighbours.items()},
        probe=probe_state(round_, protocol),
        own_probe=own_probe_state(round_, protocol),
    )


def neighbours_state(rounds: Sequence[Round], scorer: Scorer, protocol: Protocol) -> NeighboursState | None:
    """Return what goes on record about nearest neighbours; None if nothing was fitted on the task."""
    first = rounds[0].answers
    if first is None:
        return None
    return NeighboursState(
        k=protocol.neighbours.k,
        temperature=protocol.neighbours.temperature,
        metrics=metric_states(scorer.estimates([round_.neighbours for round_ in rounds])),
        thresholds=dict(first.neighbour_thresholds),
    )


def probe_state(round_: Round, protocol: Protocol) -> ProbeState | None:
    """Return what goes on record about the probe of a round; None without one, or of a plugin's own."""
    if round_.answers is None:
        return None
    fitted = round_.answers.fitted
    return ProbeState(
        name=protocol.probe.name,
        l2=fitted.l2,
        grid=protocol.probe.grid,
        grid_losses=fitted.grid_losses,
        validation=dict(fitted.validation),
        validation_accuracy=fitted.validation.get("accuracy"),
        thresholds=dict(fitted.thresholds),
        converged=fitted.converged,
        groups=round_.groups,
        unfitted=len(fitted.unfitted),
    )


def own_probe_state(round_: Round, protocol: Protocol) -> OwnProbeState | None:
    """Return what goes on record about a plugin's probe in a round; None without one."""
    own = round_.own
    if own is None or protocol.own is None:
        return None
    return OwnProbeState(
        version=protocol.own.version,
        seed=own.seed,
        summary=dict(own.summary),
        validation=dict(own.validation),
        thresholds=dict(own.thresholds),
        groups=round_.groups,
    )
