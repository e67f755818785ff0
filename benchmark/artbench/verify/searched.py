"""Whether rankings or neighbours of a record come from the weights that it names: all pictures are extracted again."""

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artbench.data.cells import numbered
from artbench.data.opening import OpenTask
from artbench.data.targets import Targets
from artbench.encoders.encoder import Encoder
from artbench.errors import ArtbenchError
from artbench.explain.sources import CheckedRecord
from artbench.features.extract import Features
from artbench.probe.features import Rows
from artbench.probe.search import choices, similar_to
from artbench.probe.similarities import Pictures
from artbench.protocol import Protocol
from artbench.records.publishing import image_digests
from artbench.runtime.findings import Finding, failed, passed
from artbench.runtime.machine import choose_device
from artbench.runtime.progress import Reporter
from artbench.verify.anew import RUN, drawn, extracted_anew, labels_of, rows_of
from artbench.verify.confidences import Confidences
from artbench.verify.neighbourhoods import ComparedNeighbourhoods, compare_neighbourhoods
from artbench.verify.rankings import compare_rankings


def verified_rankings(
    file: Path,
    checked: CheckedRecord,
    task: OpenTask,
    encoder: Encoder,
    *,
    protocol: Protocol,
    sample: int,
    random: np.random.Generator,
    reporter: Reporter,
) -> Finding:
    """Say whether the rankings of some queries are those of the weights.

    Args:
        file: The record.
        checked: What is in it.
        task: Its task.
        encoder: Its encoder.
        protocol: Its protocol, which searches.
        sample: Number of queries.
        random: What draws them.
        reporter: Receives progress.

    Raises:
        ArtbenchError: Some of the index can't be read here.
    """
    record, stored, by = checked.record, checked.predictions, protocol.search
    assert by is not None
    if stored.rankings is None:
        return failed(file.name, "it was searched for, and has no rankings", mend=RUN)
    # Of several rounds, one that nobody knows beforehand.
    number = int(random.integers(len(task.targets.rounds)))
    targets = task.targets.rounds[number]
    positions = _queries(np.flatnonzero(stored.rounds == number), stored.rankings.belonging, sample, random)
    tested = rows_of(task, image_digests(stored.images[positions]))
    queries = targets.test.rows if by.csls is not None else np.unique(tested)
    chosen_on = np.zeros(0, np.int64)
    if by.confidence is not None and targets.validation is not None:
        chosen_on = targets.validation.rows
    rows = np.unique(np.concatenate([targets.train.rows, queries, chosen_on]))
    reporter.notice(f"{record.task}: all {len(targets.train):,} pictures of the index are extracted, with the queries")
    with tempfile.TemporaryDirectory(prefix="artbench-verify-") as folder:
        features = extracted_anew(
            checked, task, encoder, rows, folder=Path(folder), protocol=protocol, reporter=reporter
        )
        if unreadable := sorted(set(rows.tolist()) & set(features.unreadable)):
            if set(tested.tolist()) & set(unreadable):
                return failed(file.name, "it has rankings of pictures that can't be read here", mend=RUN)
            if len(unreadable) > record.dataset.unreadable:
                raise ArtbenchError(f"{len(unreadable):,} pictures can't be read here", mend=RUN)
        index, asked, validation = (
            _pictures(targets, part[~np.isin(part, unreadable)], features)
            for part in (targets.train.rows, queries, chosen_on)
        )
        order = np.argsort(asked.rows, kind="stable")
        at = order[np.searchsorted(asked.rows, tested, sorter=order)]
        if (asked.labels[at] != stored.labels[positions]).any():
            return failed(file.name, "its queries show something else than the task's", mend=RUN)
        device, confidences = choose_device(checked.sources.device), None
        dtype = "bfloat16" if "bfloat16" in (features.dtype, record.provenance.dtype) else "float32"
        if by.confidence is not None:
            pairs = choices(index, validation, by=by, device=device)
            known = int((np.isin(validation.labels, index.labels) & (validation.labels >= 0)).sum())
            confidences = Confidences(pairs, index.labels, queries=known, dtype=dtype)
        found = compare_rankings(
            stored.rankings.take(positions),
            asked.labels[at],
            similar_to(index, asked, at, by=by, device=device),
            index,
            by=by,
            dtype=dtype,
            confidences=confidences,
        )
    if found.differing:
        return failed(
            file.name,
            f"{found.differing:,} of {found.queries:,} rankings are not those of {record.backbone}, "
            f"{record.pretraining}: {found.told}",
            mend=RUN,
        )
    return passed(
        file.name,
        f"{found.queries:,} rankings are those of its weights, to {found.largest:.1g} of an average precision",
    )


def verified_neighbourhoods(
    file: Path, checked: CheckedRecord, task: OpenTask, encoder: Encoder, *, protocol: Protocol, reporter: Reporter
) -> Finding:
    """Say whether the neighbours of all pictures are those of the weights: a few don't tell who is near whom.

    The arguments are those of `verified_rankings`.
    """
    record, stored = checked.record, checked.predictions
    if stored.neighbourhoods is None or task.targets.origins is None:
        return failed(file.name, "its neighbours were asked for, and it has none", mend=RUN)
    rows = rows_of(task, image_digests(stored.images))
    reporter.notice(f"{record.task}: all {len(np.unique(rows)):,} pictures are extracted")
    parts: list[ComparedNeighbourhoods] = []
    with tempfile.TemporaryDirectory(prefix="artbench-verify-") as folder:
        features = extracted_anew(
            checked, task, encoder, rows, folder=Path(folder), protocol=protocol, reporter=reporter
        )
        if set(rows.tolist()) & set(features.unreadable):
            return failed(file.name, "it has neighbours of pictures that can't be read here", mend=RUN)
        for number, targets in enumerate(task.targets.rounds):
            own = stored.rounds == number
            if not np.isin(rows[own], targets.test.rows).all():
                return failed(file.name, f"round {number} has other pictures than the task's", mend=RUN)
            if (labels_of(targets, rows[own]) != stored.labels[own]).any():
                return failed(file.name, "its pictures show something else than the task's", mend=RUN)
            parts.append(
                compare_neighbourhoods(
                    stored.neighbourhoods.take(own),
                    features.take(rows[own]),
                    stored.labels[own].astype(np.int64),
                    numbered([task.targets.origins[row] for row in rows[own].tolist()]),
                    dtype="bfloat16" if "bfloat16" in (features.dtype, record.provenance.dtype) else "float32",
                )
            )
    pictures, differing = sum(part.pictures for part in parts), sum(part.differing for part in parts)
    largest = max(part.largest for part in parts)
    if differing:
        return failed(
            file.name,
            f"the neighbours of {differing:,} of {pictures:,} pictures are not those of {record.backbone}, "
            f"{record.pretraining}: up to {largest:.1%} of them are others",
            mend=RUN,
        )
    return passed(file.name, f"the neighbours of {pictures:,} pictures are those of its weights, to {largest:.1%}")


def _queries(
    asked: NDArray[np.int64], belonging: NDArray[np.int64], count: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """Draw queries, three of four with pictures that belong with them: of distractors, confidences alone count."""
    distractor = belonging[asked] == 0
    some = drawn(asked[distractor], max(count // 4, count - int((~distractor).sum())), random)
    return np.sort(np.concatenate([some, drawn(asked[~distractor], count - len(some), random)]))


def _pictures(targets: Targets, rows: NDArray[np.int64], features: Features) -> Pictures:
    labels = labels_of(targets, rows).astype(np.int64)
    return Pictures(vectors=Rows(features.matrix, rows), labels=labels, rows=rows)
