"""What a careful forger does: every number of a record follows from the predictions that were made up."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from artbench.leaderboard.paired_scores import outputs_of, round_tests
from artbench.protocol import protocol_named
from artbench.records.predictions import read_predictions
from artbench.records.record import FileState, Record
from artbench.records.tables import write_table
from artbench.runtime.files import sha256_of
from artbench.stats.per_class import class_table, confusion
from artbench.stats.scoring import Scorer
from tests.support.estimates import ends
from tests.support.mutants.submission import Submission


def forge(it: Submission, table: pa.Table, *, unreadable: int = 0) -> None:
    """Give a single-label record of one round other predictions, and everything that follows from them."""
    pq.write_table(table, it.beside(), compression="zstd")
    content = it.content
    content["predictions"] = {"sha256": sha256_of(it.beside()), "rows": len(table)}
    content["dataset"] |= {"test": len(table), "unreadable": unreadable}
    if content["clusters"] is not None:
        content["clusters"] = len(set(table["cluster"].to_pylist()))
    record = Record.model_validate(content)
    stored, protocol = read_predictions(it.beside(), record), protocol_named(record.protocol)
    assert protocol is not None
    assert stored.predicted is not None
    scorer = Scorer(
        round_tests(stored, clustered=stored.clusters is not None), target="single-label", protocol=protocol
    )
    classes = record.dataset.classes
    outputs = outputs_of(stored, classes, np.ones(len(table), bool))
    estimates = scorer.estimates([scorer.score(0, stored.labels, outputs)])
    metrics = {name: {"value": one.value, "ci95": list(ends(one))} for name, one in estimates.items()}
    content["metrics"] = metrics
    content["neighbours"]["metrics"] = metrics
    content["references"] = [{"name": "largest class", "metrics": metrics}]
    content["label_free"] = None
    names = pq.read_table(it.beside(".classes.parquet"))["class"].to_pylist()
    one_hot = np.eye(classes, dtype=bool)
    labels, predicted = stored.labels.astype(np.int64), stored.predicted.astype(np.int64)
    tables = {
        "classes": class_table(one_hot[labels], one_hot[predicted], classes=names),
        "confusion": confusion(labels, predicted, classes=names),
    }
    for name, columns in tables.items():
        file = it.beside(f".{name}.parquet")
        write_table(file, columns)
        state = FileState(sha256=sha256_of(file), rows=len(next(iter(columns.values()))))
        content["tables"][name] = state.model_dump()
    content["provenance"]["created"] = datetime.now(UTC).isoformat()
    it.write(content)


def renumbered(clusters: list[int]) -> list[int]:
    """Number clusters in order of appearance."""
    numbers: dict[int, int] = {}
    return [numbers.setdefault(one, len(numbers)) for one in clusters]
