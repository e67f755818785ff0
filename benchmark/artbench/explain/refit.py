"""From a record back to the probe that it is about, fitted again on what the record was measured on."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.data.opening import OpenTask
from artbench.data.targets import Split
from artbench.encoders.encoder import Encoder
from artbench.encoders.request import EncoderRequest
from artbench.errors import ArtbenchError
from artbench.evaluation.rounds import first_probe
from artbench.explain.reproduce import Check, ReproducedTask, accept, reproduce
from artbench.explain.sources import CheckedRecord, Sources
from artbench.explain.validate import refuse_years
from artbench.plugins.registry import Registry
from artbench.probe.features import Rows
from artbench.probe.linear import FittedProbe
from artbench.records.record import Record
from artbench.runtime.progress import Reporter

# By how much a probability may differ from the stored one: another machine adds up in another order, and what the
# machine computes in bfloat16 is rounded to three digits.
_TOLERANCE = {"float32": 0.01, "bfloat16": 0.05}
_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass(frozen=True, kw_only=True)
class RefittedTask:
    """An encoder and its probe on a task, as a record says they are.

    Attributes:
        record: The record.
        task: Its task.
        candidate: Its encoder, before it was built.
        encoder: Its encoder.
        probe: Fitted again.
        test: The pictures tested on; where the record has several rounds, in the first.
        outputs: Probabilities of the probe for them, float32, shape (n, classes).
        difference: The largest difference between a probability and the stored one; 0: equal to the last bit.
        tolerance: How much that may be.
        device: On which it was done.
        dtype: In which the features were computed.
    """

    record: Record
    task: OpenTask
    candidate: EncoderRequest
    encoder: Encoder
    probe: FittedProbe
    test: Split
    outputs: NDArray[np.float32]
    difference: float
    tolerance: float
    device: str
    dtype: torch.dtype


def refit(
    checked: CheckedRecord, *, sources: Sources, check: Check = accept, registry: Registry, reporter: Reporter
) -> RefittedTask:
    """Build what a record was measured with, and see that it gives the predictions beside the record.

    Nothing of the probe is kept with a record: on features that are in the store, fitting it again takes seconds, and
    what was fitted here needs not be trusted.

    Args:
        checked: The record, as `check_sources` has read it.
        sources: Where to find what it was made from.
        check: See `reproduce`.
        registry: What there is.
        reporter: Told how far it is.

    Raises:
        UsageError: The task asks for the year, a name on record is unknown here, or nothing says where its dataset
            lies.
        ArtbenchError: The file is no record, its predictions are not beside it, or what it was made from is not what
            is here.
    """
    refuse_years(checked, registry=registry)
    measured = reproduce(checked, sources=sources, check=check, registry=registry, reporter=reporter)
    probe, test = first_probe(
        measured.task, measured.features, protocol=measured.protocol, device=measured.device, reporter=reporter
    )
    outputs = probe.probabilities(Rows(measured.features.take(test.rows)))
    # A record made in bfloat16 may be looked at where there is none.
    tolerance = max(_TOLERANCE[measured.features.dtype], _TOLERANCE.get(measured.record.provenance.dtype, 0.0))
    return RefittedTask(
        record=measured.record,
        task=measured.task,
        candidate=measured.candidate,
        encoder=measured.encoder,
        probe=probe,
        test=test,
        outputs=outputs,
        difference=_compared(measured, outputs, tolerance=tolerance),
        tolerance=tolerance,
        device=measured.device,
        dtype=_DTYPES[measured.features.dtype],
    )


def _compared(measured: ReproducedTask, outputs: NDArray[np.float32], *, tolerance: float) -> float:
    """The largest difference between a probability and the stored one.

    Raises:
        ArtbenchError: It is more than another machine explains.
    """
    record, stored = measured.record, measured.stored
    first = stored.rounds == 0
    assert stored.confidence is not None
    confidence = stored.confidence[first]
    if stored.predicted is None:
        gaps = np.abs(outputs - confidence).max(axis=1)
    else:
        # Near a tie another class may come out on top.
        predicted = stored.predicted[first].astype(np.int64)
        gaps = np.abs(np.stack([outputs.max(axis=1), outputs[np.arange(len(outputs)), predicted]]) - confidence).max(0)
    difference = float(gaps.max(initial=0))
    if difference > tolerance:
        count, worst = int((gaps > tolerance).sum()), measured.image(int(gaps.argmax()))
        raise ArtbenchError(
            f"the probe fitted again does not give the record's predictions: {count:,} of {len(outputs):,} "
            f"probabilities differ by more than {tolerance:.2f}, the most by {difference:.2f} ({worst}). "
            f"It was made with torch {record.provenance.torch} on {record.provenance.device}; here is torch "
            f"{torch.__version__}",
            mend="Run it again here, and explain the new record",
        )
    return difference
