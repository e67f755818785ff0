"""What a record says of its task, protocol, probe and encoder, and is not so."""

import json
from typing import Any

import numpy as np
import pyarrow as pa

from artbench.records.record import SUFFIXES
from tests.support.mutants.submission import Submission, harmful, put


@harmful
def another_task_version(it: Submission) -> None:
    put(it, ("task_version",), it.random.choice([0, 2, 10**20]))


@harmful
def another_task_version_in_its_place(it: Submission) -> None:
    put(it, ("task_version",), 2)
    it.settle()


@harmful
def another_primary_metric(it: Submission) -> None:
    content = it.content
    put(it, ("primary_metric",), it.random.choice([n for n in content["metrics"] if n != content["primary_metric"]]))


@harmful
def a_protocol_of_its_own(it: Submission) -> None:
    put(it, ("protocol",), it.random.choice(["linear-v1", "ridge-v2", "linear-v2-shots-4", "linear-v2 ", "LINEAR-V2"]))
    if it.random.random() < 0.5:
        put(it, ("protocol_hash",), f"{it.random.getrandbits(256):064x}")
        it.settle()


@harmful
def a_probe_of_its_own(it: Submission) -> None:
    content = it.content
    probe = content["probe"]
    others = [l2 for l2 in probe["grid"] if l2 != probe["l2"]]
    change: dict[str, Any] = it.random.choice(
        [
            {"l2": it.random.choice(others)},
            {"l2": 0.02},
            {"grid": probe["grid"][:-1]},
            {"grid": [*probe["grid"][:-1], 20.0]},
            {"name": "two layers"},
            {"grid_losses": probe["grid_losses"][1:]},
            {"grid_losses": [0.001, *probe["grid_losses"][1:]]},
            {"validation_accuracy": 0.999},
            {"validation": {}},
            {"thresholds": {"micro_f1": 0.123456}},
        ]
    )
    content["probe"] = probe | change
    it.write(content)


@harmful
def a_clean_encoder_that_saw_test_images(it: Submission) -> None:
    content = it.content
    name = content["dataset"]["name"]
    content["encoder"] |= {
        "pool": {"sha256": "a" * 64, "images": 9, "datasets": {name: 9}, "test_images": 1},
        "seen": {"corpus": "a pool", "state": "clean", "evidence": "none of them is a test image"},
    }
    it.write(content)


@harmful
def other_neighbours(it: Submission) -> None:
    put(it, *it.random.choice([(("neighbours", "k"), 5), (("neighbours", "temperature"), 0.1)]))


@harmful
def another_encoder_of_the_same_name(it: Submission) -> None:
    """Two sizes of one backbone: what no record tells by itself."""
    content = it.content
    names = {json.loads(file.read_text())["backbone"] for file in it.others}
    content["backbone"] = it.random.choice(sorted(names - {content["backbone"]}))
    # Where two say different things, the later one is blamed.
    content["provenance"]["created"] = "2026-12-31T04:00:00Z"
    it.write(content)
    it.settle()


@harmful
def everything_of_another(it: Submission) -> None:
    """Another's result under other weights, in the place where such a record belongs."""
    content = json.loads(it.random.choice(it.others).read_text())
    source = next(file for file in it.others if json.loads(file.read_text()) == content)
    for suffix in SUFFIXES:
        if source.with_suffix(suffix).exists():
            it.beside(suffix).write_bytes(source.with_suffix(suffix).read_bytes())
    content["encoder"]["weights_sha256"] = f"{it.random.getrandbits(256):064x}"
    content["provenance"]["created"] = "2026-12-31T04:00:00Z"
    it.write(content)
    it.settle()


@harmful
def the_same_weights_under_another_name(it: Submission) -> None:
    source = it.random.choice(it.others)
    for suffix in (".json", *SUFFIXES):
        if source.with_suffix(suffix).exists():
            it.beside(suffix).write_bytes(source.with_suffix(suffix).read_bytes())
    content = it.content
    content["pretraining"] = "mine"
    content["provenance"]["created"] = "2026-12-31T04:00:00Z"
    it.write(content)
    it.settle()


@harmful
def a_copy_dated_before_the_original(it: Submission) -> None:
    the_same_weights_under_another_name(it)
    put(it, ("provenance", "created"), it.random.choice(["1970-01-01T00:00:00Z", "2026-11-23T12:00:00Z"]))


@harmful
def a_copy_under_another_name_moved_a_little(it: Submission) -> None:
    """Another's predictions, with probabilities that differ by less than any metric shows."""
    everything_of_another(it)

    def moved(table: pa.Table) -> pa.Table:
        column = table["confidence"]
        lists = pa.types.is_list(column.type)
        flat = (column.combine_chunks().flatten() if lists else column.combine_chunks()).to_numpy()
        flat = np.maximum(flat - np.random.default_rng(it.random.getrandbits(32)).uniform(0, 1e-7, len(flat)), 0)
        values = pa.array(flat, pa.float32())
        if lists:
            values = pa.ListArray.from_arrays(column.combine_chunks().offsets, values)
        return table.set_column(table.column_names.index("confidence"), "confidence", values)

    it.rewrite(moved)


@harmful
def a_name_that_looks_like_another(it: Submission) -> None:
    content = it.content
    field = it.random.choice(["backbone", "pretraining"])
    name = str(content[field])
    alike = name.replace("e", "\u0435", 1)
    content[field] = it.random.choice([f"{name} ", f" {name}" if alike == name else alike])
    it.write(content)
    it.settle()
