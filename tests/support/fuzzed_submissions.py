"""Real records, changed at random by a seed: bytes, values and tables, and files in the place of files."""

import json
import math
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from artbench.runtime.files import sha256_of
from tests.support.mutants.submission import Submission, at, leaves

RELEASED = Path(__file__).resolve().parents[1] / "released"
_SUFFIXES = (".parquet", ".classes.parquet", ".confusion.parquet")
_ODD: list[Any] = [
    *(
        None,
        True,
        False,
        "",
        0,
        -1,
        1,
        2**31,
        2**63,
        10**300,
        -(10**18),
        0.5,
        -0.0,
        1e-320,
        1.5e308,
        math.nan,
        math.inf,
    ),
    *([], {}, [[]], [0] * 1000, {"a": {"b": {}}}, "x" * 301, "x" * 100_000, "\x00", "\x1b[2J", "\u202e", "\u3164"),
    *("../../../etc/passwd", "/dev/zero", "collection:/", "collection:/etc/passwd:root", "artbench:collection:/"),
    *("=1+1", "::error::x", "<script>alert(1)</script>", "https://example.org", "a\nb", "🎨\u200d", "\ud800"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1970-01-01T00:00:00Z", "f" * 64, "linear-v9"),
]


def _value(it: Submission) -> None:
    content = it.content
    for _ in range(it.random.choice([1, 1, 1, 3])):
        path = it.random.choice(list(leaves(content)))
        at(content, path[:-1])[path[-1]] = it.random.choice(_ODD)
    it.file.write_text(json.dumps(content, indent=1), encoding="utf-8")


def _key(it: Submission) -> None:
    content = it.content
    path = it.random.choice([path for path in leaves(content) if isinstance(path[-1], str)])
    holder = at(content, path[:-1])
    value = holder.pop(path[-1])
    if it.random.random() < 0.5:
        holder[it.random.choice(["mood", path[-1].upper(), path[-1] + " ", ""])] = value
    it.file.write_text(json.dumps(content, indent=1), encoding="utf-8")


def _suffixes(it: Submission, *others: str) -> list[str]:
    """Return what changes of a table choose from: the weights of the probe too, where there are any."""
    return [*_SUFFIXES[:2], *others, *[".probe.parquet"] * it.beside(".probe.parquet").exists()]


def _bytes(it: Submission) -> None:
    file = it.random.choice([it.file, *map(it.beside, _suffixes(it))])
    data = bytearray(file.read_bytes())
    # The footer of a Parquet file, at its end, says how much is to be unpacked.
    start = it.random.choice([0, max(0, len(data) - 1_500)])
    for _ in range(it.random.choice([1, 1, 2, 8, 64])):
        place = it.random.randrange(start, len(data))
        kind = it.random.randrange(4)
        if kind == 0:
            data[place] ^= 1 << it.random.randrange(8)
        elif kind == 1:
            data[place] = it.random.randrange(256)
        elif kind == 2:
            data[place:place] = bytes(it.random.randrange(256) for _ in range(it.random.randrange(1, 9)))
        else:
            del data[place : place + it.random.randrange(1, 9)]
        start = min(start, max(0, len(data) - 10))
    file.write_bytes(data)
    if file != it.file:
        _on_record(it, file)


def _on_record(it: Submission, file: Path, rows: int | None = None) -> None:
    content = it.content
    name = file.name.removeprefix(it.file.stem).removesuffix(".parquet").strip(".")
    state = content["tables"][name] if name else content["predictions"]
    state["sha256"] = sha256_of(file)
    state["rows"] = state["rows"] if rows is None else rows
    it.write(content)


def _table(it: Submission) -> None:
    """Values of a table, with a digest that fits."""
    suffix = it.random.choice(_suffixes(it, ".parquet"))
    table = pq.read_table(it.beside(suffix))
    name = it.random.choice(table.column_names)
    values = table[name].to_pylist()
    for _ in range(it.random.choice([1, 2, 20])):
        row, kind = it.random.randrange(len(values)), it.random.randrange(3)
        other = values[it.random.randrange(len(values))]
        if kind == 0 and isinstance(values[row], float):
            values[row] = it.random.choice([math.nan, math.inf, -1.0, 2.0, 1e308])
        elif kind == 1 and isinstance(values[row], int):
            values[row] = it.random.choice([-1, 2**31 - 1, values[row] + 1])
        else:
            values[row] = other
    column = pa.array(values, table.schema.field(name).type)
    _rewrite(it, suffix, table.set_column(table.column_names.index(name), name, column))


def _shape(it: Submission) -> None:
    """Rows, columns, types and encodings of a table."""
    suffix = it.random.choice(_suffixes(it))
    table = pq.read_table(it.beside(suffix))
    name = it.random.choice(table.column_names)
    at_ = table.column_names.index(name)
    changes: list[Callable[[], pa.Table]] = [
        lambda: table.slice(0, it.random.randrange(len(table))),
        lambda: table.drop_columns([name]),
        lambda: table.append_column("x", pa.nulls(len(table))),
        lambda: table.append_column(name, table[name]),
        lambda: table.set_column(at_, name, pa.nulls(len(table))),
        lambda: table.set_column(at_, name, pa.array([[[1.0]]] * len(table))),
        lambda: table.set_column(at_, name, pa.array([{"a": [1]}] * len(table))),
        lambda: table.set_column(at_, name, pa.array([b"\xff\xfe"] * len(table))),
        lambda: table.set_column(at_, name, pa.array([2**62] * len(table))),
        lambda: table.set_column(at_, name, pa.array(["x" * 10_000] * len(table))),
        lambda: pa.concat_tables([table] * it.random.choice([2, 50])),
        lambda: table.replace_schema_metadata({"path": "/home/me"}),
    ]
    made = it.random.choice(changes)()
    _rewrite(it, suffix, made, rows=it.random.choice([None, len(made)]))


def _rewrite(it: Submission, suffix: str, table: pa.Table, *, rows: int | None = None, **settings: Any) -> None:
    codec = it.random.choice(["zstd", "snappy", "gzip", "none"])
    pq.write_table(table, it.beside(suffix), compression=codec, **settings)
    _on_record(it, it.beside(suffix), rows)


def _bomb(it: Submission) -> None:
    """A few bytes that stand for many, all of which the record announces."""
    rows, kind = it.random.choice([100_000, 1_000_000]), it.random.randrange(4)
    numbers = pa.array(np.zeros(rows, np.int32))
    text = pa.DictionaryArray.from_arrays(numbers, pa.array(["a" * it.random.choice([10, 1_000])]))
    content, tests = it.content, {"predictions": {"sha256": "0" * 64, "rows": rows}}
    content |= tests
    content["dataset"]["test"] = rows
    if kind == 0:
        content["dataset"]["classes"] = it.random.choice([1_000, 10**6, 10**9])
    it.write(content)
    columns = {"image": text, "target": numbers, "prediction": numbers, "confidence": numbers.cast(pa.float32())}
    if kind == 1:
        offsets = pa.array(np.linspace(0, 20_000_000, rows + 1).astype(np.int32))
        columns["target"] = pa.ListArray.from_arrays(offsets, pa.array(np.zeros(20_000_000, np.int32)))
    if kind == 2:
        columns["cluster"] = numbers
    _rewrite(it, ".parquet", pa.table(columns), rows=rows, store_schema=False)


def _bomb_of_lists(it: Submission) -> None:
    """Likewise of several labels, or of the weights of a probe, whose rows are lists."""
    rows, width, content = it.random.choice([100, 10_000]), it.random.choice([1_000, 100_000]), it.content
    values = pa.array(np.zeros(rows * min(width, 20_000_000 // rows), np.float32))
    lists = pa.FixedSizeListArray.from_arrays(values, len(values) // rows)
    numbers = pa.array(np.arange(rows, dtype=np.int32))
    if it.beside(".probe.parquet").exists() and it.random.random() < 0.5:
        content["encoder"]["feature_dim"] = width
        content["dataset"]["classes"] = it.random.choice([rows, content["dataset"]["classes"]])
        columns = {"round": pa.array(np.zeros(rows, np.int32)), "class": numbers, "bias": numbers.cast(pa.float32())}
        suffix, columns = ".probe.parquet", columns | {"weight": lists}
    else:
        content["dataset"] |= {"classes": width, "test": rows}
        labels = pa.ListArray.from_arrays(pa.array(np.zeros(rows + 1, np.int32)), pa.array([], pa.int32()))
        columns = {"image": numbers.cast(pa.string()), "target": labels, "prediction": labels, "confidence": lists}
        suffix = ".parquet"
    it.write(content)
    _rewrite(it, suffix, pa.table(columns), rows=rows)


def _place(it: Submission) -> None:
    """Something else in the place of a file."""
    file = it.random.choice([it.file, it.beside(), it.beside(".classes.parquet")])
    aside = it.folder.parent / f"outside-{it.folder.name}{file.suffix}"
    kind = it.random.randrange(5)
    if kind == 0:
        file.rename(aside)
        file.symlink_to(aside)
    elif kind == 1:
        file.unlink()
        os.mkfifo(file)
    elif kind == 2:
        file.unlink()
        file.symlink_to("/dev/zero")
    elif kind == 3:
        os.truncate(file, 2**33)
    else:
        file.parent.rename(aside.with_suffix(""))
        file.parent.symlink_to(aside.with_suffix(""))


CHANGES = [_value, _value, _value, _key, _bytes, _bytes, _bytes, _table, _table, _shape, _bomb, _place]
# Of a release, and so by a seed the same for ever.
_OF_RELEASE = {"artbench-0.1.0": CHANGES, "artbench-0.2.0": [*CHANGES, _bomb_of_lists]}


def fuzzed(seed: int, folder: Path, *, release: str = "artbench-0.1.0") -> tuple[Path, str]:
    """Make the mutant of a seed in a folder; return the record that it was made from, and what was done."""
    random = Random(seed)
    original = random.choice(sorted((RELEASED / release / "records").glob("*/*.json")))
    file = folder / "records" / original.parent.name / original.name
    file.parent.mkdir(parents=True)
    for beside in original.parent.glob(f"{original.stem}.*"):
        shutil.copyfile(beside, file.parent / beside.name)
    change = random.choice(_OF_RELEASE[release])
    change(Submission(folder, file, [], random))
    return original, change.__name__
