"""Metrics of plugins, which measure answers as they are: their values, without some images, and in resamples."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from artbench.data.answers import Answers
from artbench.errors import ArtbenchError, plugin_errors
from artbench.protocol import Bootstrap
from artbench.specs import MetricSpec
from artbench.stats.bootstrap import resamples
from artbench.stats.measuring import measure_of


def is_counted(metric: MetricSpec) -> bool:
    """Whether a metric measures weighted counts, for many resamples at once."""
    return metric.statistic == "counts"


def each_image(metric: MetricSpec, answers: Answers) -> NDArray[np.float64]:
    """Return the number of each image of which a metric is the mean, NaN for those that don't count, shape (n,).

    Raises:
        ArtbenchError: Its plugin fails, or returns something else.
    """
    with plugin_errors(f"metric {metric.name}"):
        values = _real(metric, measure_of(metric)(answers))
    if values.shape != (len(answers),):
        found = f"an array of shape {values.shape}" if values.ndim else "one number"
        raise ArtbenchError(
            f"metric {metric.name} is {found}, not a number for each of {len(answers):,} images",
            mend="Return an array of shape (n,), or state statistic='jackknife' for one number",
        )
    return values


def _number(metric: MetricSpec, answers: Answers) -> float:
    """Return the one number that a metric is, of answers to some of the images."""
    with plugin_errors(f"metric {metric.name}, of {len(answers):,} images,"):
        found = _real(metric, measure_of(metric)(answers))
    if found.ndim:
        raise ArtbenchError(
            f"metric {metric.name} is an array of shape {found.shape}, not one number",
            mend="Return one, or state statistic='mean' where each image has one",
        )
    return found.item()


def _real(metric: MetricSpec, returned: object) -> NDArray[np.float64]:
    """Return real numbers; of complex ones numpy would drop a part with a warning, and texts it would read."""
    found = np.asarray(returned)
    if found.dtype.kind not in "biuf":
        what = repr(returned) if found.ndim == 0 else f"an array of {found.dtype}"
        raise ArtbenchError(
            f"metric {metric.name} is {what:.80}, not a real number",
            mend="Return one float, or with statistic='mean' a float for each image",
        )
    return found.astype(np.float64)


def plain_value(metric: MetricSpec, answers: Answers, *, defined: bool = False) -> float:
    """Return the value of a metric; NaN where it has none.

    Args:
        metric: One that does not measure counts.
        answers: What was answered.
        defined: Whether it must have a value, within its bounds.

    Raises:
        ArtbenchError: Its plugin fails, or returns something else than a number; or it has to be defined, and is not.
    """
    if metric.statistic == "mean":
        each = each_image(metric, answers)
        known = each[~np.isnan(each)]
        value = float(known.mean()) if len(known) else float("nan")
    else:
        value = _number(metric, answers)
    low, high = (np.inf * sign if end is None else end for end, sign in zip(metric.bounds, (-1, 1), strict=True))
    # A mean can leave its bounds by a rounding error.
    inside = float(np.clip(value, low, high))
    if defined and not (np.isfinite(value) and np.isclose(value, inside, rtol=1e-9, atol=1e-9)):
        raise ArtbenchError(
            f"metric {metric.name} is {value:g} on {len(answers):,} images, not a number from {low:g} to {high:g}",
            mend="Its plugin states other bounds, or it can't be had of these images",
        )
    return inside


def _sums(metric: MetricSpec, answers: Answers) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what each image adds to the sum of a mean, and to the number of images; 0 where it does not count."""
    each = each_image(metric, answers)
    known = ~np.isnan(each)
    return np.where(known, each, 0.0), known.astype(np.float64)


def without(metric: MetricSpec, answers: Answers, units: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Return a metric without each of `count` units, NaN where nothing is left; image i belongs to `units[i]`."""
    if metric.statistic == "mean":
        sums, sizes = _sums(metric, answers)
        rest = sums.sum() - np.bincount(units, sums, minlength=count)
        left = sizes.sum() - np.bincount(units, sizes, minlength=count)
        return np.asarray(np.divide(rest, left, out=np.full(count, np.nan), where=left > 0))
    found = np.full(count, np.nan)
    for unit in np.unique(units).tolist():
        kept = units != unit
        if kept.any():
            found[unit] = plain_value(metric, answers.take(kept))
    return found


def resampled(
    metric: MetricSpec, answers: Answers, *, bootstrap: Bootstrap, clusters: Sequence[object] | None
) -> NDArray[np.float64]:
    """Return a metric in each resample, shape (resamples,); shape (0,) for one that has no interval."""
    if metric.statistic == "none":
        return np.zeros(0)
    drawn = resamples(len(answers), bootstrap=bootstrap, clusters=clusters)
    if metric.statistic == "mean":
        sums, sizes = _sums(metric, answers)
        with np.errstate(invalid="ignore"):
            return np.concatenate([(sums @ counts) / (sizes @ counts) for counts in drawn])
    rows = np.arange(len(answers))
    again = (np.repeat(rows, column.astype(np.int64)) for counts in drawn for column in counts.T)
    return np.array([plain_value(metric, answers.take(taken)) for taken in again])
