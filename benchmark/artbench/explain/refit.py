"""Fits the probe of a record again, on what the record was measured on."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.errors import ArtbenchError
from artbench.evaluation.rounds import first_probe
from artbench.explain.reproduce import Check, ReproducedTask, reproduce
from artbench.explain.sources import CheckedRecord
from artbench.plugins.registry import Registry
from artbench.probe.features import Rows
from artbench.probe.linear import FittedProbe
from artbench.probe.ridge import FittedRidge
from artbench.runtime.progress import Reporter

# By how much a probability may differ from the stored one: another machine adds up in another order, and bfloat16 has
# three digits.
_TOLERANCE = {"float32": 0.01, "bfloat16": 0.05}
_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass(frozen=True, kw_only=True)
class RefittedTask(ReproducedTask):
    """What a record was measured on, with its probe.

    Attributes:
        probe: The probe, fitted again.
        outputs: Its probabilities for the test images, float32, shape (n, classes); or years, shape (n, 1).
        difference: Largest difference between a probability and the stored one, of years in their standard deviation; 0
            if all are equal to the last bit.
        tolerance: Largest difference allowed.
        dtype: Type that the features were computed in.
    """

    probe: FittedProbe | FittedRidge
    outputs: NDArray[np.float32]
    difference: float
    tolerance: float
    dtype: torch.dtype

    @property
    def head(self) -> FittedProbe:
        """The probe of a task with classes or labels."""
        assert isinstance(self.probe, FittedProbe)
        return self.probe


def refit(
    checked: CheckedRecord, *, check: Check | None = None, registry: Registry, reporter: Reporter
) -> RefittedTask:
    """Build what a record was measured with, and check that it gives the predictions beside the record.

    A record holds no probe: with features in the store, fitting it again takes seconds, and nobody has to trust a
    file. Arguments are as of `reproduce`.

    Raises:
        UsageError: A name on record is unknown here, or nothing says where the dataset is.
        ArtbenchError: The task, the data, the weights or the predictions differ from those on record.
    """
    measured = reproduce(checked, check=check, registry=registry, reporter=reporter)
    probe, _ = first_probe(
        measured.task, measured.features, protocol=measured.protocol, device=measured.device, reporter=reporter
    )
    rows = Rows(measured.features.take(measured.test.rows))
    outputs = probe.years(rows) if isinstance(probe, FittedRidge) else probe.probabilities(rows)
    # A record made in bfloat16 may be explained on a machine without it.
    tolerance = max(_TOLERANCE[measured.features.dtype], _TOLERANCE.get(measured.record.provenance.dtype, 0.0))
    return RefittedTask(
        **vars(measured),
        probe=probe,
        outputs=outputs,
        difference=_compared(measured, outputs, tolerance=tolerance),
        tolerance=tolerance,
        dtype=_DTYPES[measured.features.dtype],
    )


def _compared(measured: ReproducedTask, outputs: NDArray[np.float32], *, tolerance: float) -> float:
    """Find the largest difference between a probability and the stored one, or raise if it is above `tolerance`."""
    record, stored = measured.record, measured.stored
    first, what = stored.rounds == 0, "probabilities"
    if stored.confidence is None:
        assert stored.predicted is not None
        what = "years, in their standard deviation,"
        years = stored.predicted[first].astype(np.float64)
        gaps = np.abs(outputs[:, 0] - years) / max(1.0, float(years.std()))
    elif stored.predicted is None:
        gaps = np.abs(outputs - stored.confidence[first]).max(axis=1)
    else:
        # Near a tie another class may come out on top.
        predicted, confidence = stored.predicted[first].astype(np.int64), stored.confidence[first]
        gaps = np.abs(np.stack([outputs.max(axis=1), outputs[np.arange(len(outputs)), predicted]]) - confidence).max(0)
    difference = float(gaps.max(initial=0))
    if difference > tolerance:
        count, worst = int((gaps > tolerance).sum()), measured.image(int(gaps.argmax()))
        raise ArtbenchError(
            f"the probe fitted again does not give the record's predictions: {count:,} of {len(outputs):,} "
            f"{what} differ by more than {tolerance:.2f}, the most by {difference:.2f} ({worst}). "
            f"It was made with torch {record.provenance.torch} on {record.provenance.device}; here is torch "
            f"{torch.__version__}",
            mend="Run it again here, and take the new record",
        )
    return difference
