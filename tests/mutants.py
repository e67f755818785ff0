"""Records as somebody might submit them: real ones, changed by chance or in bad faith."""

import json
import math
import os
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from artbench.records.folder import ResultsFolder, sha256_of
from artbench.records.record import Record

# Fields that a record may lack, for they have a default.
_OPTIONAL = {
    "partial", "exclusion", "twins", "checkpoint_sha256", "pool", "training", "thresholds", "references", "clusters",
    "rounds", "few_shot", "predictions", "tables", "decode_s", "forward_s",
}  # fmt: skip


@dataclass
class Submission:
    """One record in a folder, to be changed.

    Attributes:
        folder: The results folder.
        file: The record.
        others: Records of the same leaderboard.
        random: What decides.
        blamed: The file, below `records/`, that a check should name if it is not the record.
    """

    folder: Path
    file: Path
    others: list[Path]
    random: Random
    blamed: Path | None = None

    @property
    def content(self) -> Any:
        return json.loads(self.file.read_text())

    def write(self, content: Any) -> None:
        self.file.write_text(json.dumps(content, indent=1, ensure_ascii=False))

    def beside(self, suffix: str = ".parquet") -> Path:
        return self.file.with_suffix(suffix)

    def settle(self) -> None:
        """Move everything to where it belongs by what the record says, as a careful forger would."""
        new = ResultsFolder(self.folder).file_of(Record.model_validate_json(self.file.read_text()))
        for suffix in (".parquet", ".classes.parquet", ".confusion.parquet"):
            if self.beside(suffix).exists():
                new.parent.mkdir(exist_ok=True)
                self.beside(suffix).rename(new.with_suffix(suffix))
        self.file.rename(new)
        self.file = new

    def rewrite(self, change: Callable[[pa.Table], pa.Table], suffix: str = ".parquet") -> None:
        """Change a Parquet file, and put its digest and rows on record."""
        table = change(pq.read_table(self.beside(suffix)))
        pq.write_table(table, self.beside(suffix), compression="zstd")
        content = self.content
        state = {"sha256": sha256_of(self.beside(suffix)), "rows": len(table)}
        if suffix == ".parquet":
            content["predictions"] = state
        else:
            content["tables"][suffix.split(".")[1]] = state
        self.write(content)


Mutation = Callable[[Submission], None]
HARMFUL: list[Mutation] = []
HARMLESS: list[Mutation] = []


def harmful(change: Mutation) -> Mutation:
    HARMFUL.append(change)
    return change


def harmless(change: Mutation) -> Mutation:
    HARMLESS.append(change)
    return change


def leaves(content: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value that holds no others."""
    entries = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    if not isinstance(content, dict | list):
        yield path
    for key, value in entries:
        yield from leaves(value, (*path, key))


def at(content: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        content = content[key]
    return content


def put(it: Submission, path: tuple[Any, ...], value: Any) -> None:
    content = it.content
    at(content, path[:-1])[path[-1]] = value
    it.write(content)


def numbers(it: Submission, *roots: str) -> list[tuple[Any, ...]]:
    content = it.content
    return [
        path
        for path in leaves(content)
        if path[0] in roots and isinstance(at(content, path), int | float) and not isinstance(at(content, path), bool)
    ]


@harmful
def a_value_of_another_type(it: Submission) -> None:
    content = it.content
    path = it.random.choice([path for path in leaves(content) if path[-1] != "created"])
    value = at(content, path)
    put(it, path, "yes" if isinstance(value, bool | int | float) else 5 if isinstance(value, str) else [])


@harmful
def a_list_in_the_place_of_a_value(it: Submission) -> None:
    path = it.random.choice(list(leaves(it.content)))
    put(it, path, [at(it.content, path)])


@harmful
def a_field_missing(it: Submission) -> None:
    content = it.content
    paths = [
        path
        for path in leaves(content)
        if isinstance(path[-1], str) and path[-1] not in _OPTIONAL and "validation" not in path[:-1]
    ]
    path = it.random.choice(paths)
    del at(content, path[:-1])[path[-1]]
    it.write(content)


@harmful
def a_field_too_many(it: Submission) -> None:
    content = it.content
    parts = [(), ("dataset",), ("encoder",), ("probe",), ("neighbours",), ("timing",), ("provenance",)]
    at(content, it.random.choice(parts))["note"] = "<script>alert(1)</script>"
    it.write(content)


@harmful
def a_number_that_is_none(it: Submission) -> None:
    path = it.random.choice(numbers(it, "metrics", "neighbours", "timing", "dataset"))
    put(it, path, it.random.choice([math.nan, math.inf, -math.inf]))


@harmful
def a_number_below_nothing(it: Submission) -> None:
    path = it.random.choice(numbers(it, "metrics", "neighbours", "references", "dataset", "timing", "encoder"))
    put(it, path, -1)


@harmful
def a_fraction_above_one(it: Submission) -> None:
    put(it, it.random.choice([p for p in numbers(it, "metrics", "references") if p[-1] == "value"]), 1.01)


@harmful
def a_better_value(it: Submission) -> None:
    path = it.random.choice([p for p in numbers(it, "metrics") if p[-1] == "value" and p[1] != "top5_accuracy"])
    value = at(it.content, path)
    put(it, path, value + (1 - value) * it.random.uniform(0.01, 1) if value < 0.99 else value - 0.02)


@harmful
def a_better_value_with_its_interval(it: Submission) -> None:
    content = it.content
    name = it.random.choice([name for name in content["metrics"] if name != "top5_accuracy"])
    metric, by = content["metrics"][name], it.random.uniform(0.001, 0.01)
    by = by if max(metric["value"], *metric["ci95"]) + by <= 1 else -by
    content["metrics"][name] = {"value": metric["value"] + by, "ci95": [end + by for end in metric["ci95"]]}
    it.write(content)


@harmful
def a_narrower_interval(it: Submission) -> None:
    content = it.content
    wide = [m for n, m in content["metrics"].items() if m["ci95"][1] - m["ci95"][0] > 0.02 and n != "top5_accuracy"]
    metric = it.random.choice(wide)
    metric["ci95"] = [(2 * metric["value"] + end) / 3 for end in metric["ci95"]]
    it.write(content)


@harmful
def an_interval_that_misses_the_value(it: Submission) -> None:
    content = it.content
    metrics = it.random.choice([content["metrics"], content["neighbours"]["metrics"]])
    metric = metrics[content["primary_metric"]]
    metric["ci95"] = [0.0, metric["value"] / 4]
    it.write(content)


@harmful
def an_interval_upside_down(it: Submission) -> None:
    content = it.content
    metric = it.random.choice([m for m in content["metrics"].values() if m["ci95"][0] < m["ci95"][1]])
    metric["ci95"].reverse()
    it.write(content)


@harmful
def a_guess_that_scores_otherwise(it: Submission) -> None:
    content = it.content
    metric = it.random.choice(list(content["references"][0]["metrics"].values()))
    metric["value"] = (metric["value"] + 0.5) / 2
    it.write(content)


@harmful
def other_numbers_of_pictures(it: Submission) -> None:
    path = ("dataset", it.random.choice(["train", "test", "classes", "missing", "unreadable"]))
    put(it, path, at(it.content, path) + it.random.randint(1, 50))


@harmful
def a_partial_copy_that_is_whole(it: Submission) -> None:
    put(it, ("dataset", "partial"), True)


@harmful
def another_digest(it: Submission) -> None:
    content = it.content
    paths = [
        path for path in leaves(content) if "sha256" in str(path[-1]) or path[-1] in ("protocol_hash", "fingerprint")
    ]
    path = it.random.choice([path for path in paths if at(content, path)])
    digest = at(content, path)
    place = it.random.randrange(64)
    put(
        it, path, digest[:place] + it.random.choice("0123456789abcdef".replace(digest[place], "")) + digest[place + 1 :]
    )


@harmful
def a_digest_that_is_none(it: Submission) -> None:
    path = it.random.choice([("encoder", "weights_sha256"), ("protocol_hash",), ("dataset", "fingerprint")])
    digest = at(it.content, path)
    put(it, path, it.random.choice([digest.upper(), digest[:-1], digest + "0", "g" + digest[1:], "", digest + "\n"]))


@harmful
def a_name_with_control_characters(it: Submission) -> None:
    content = it.content
    paths = [("task",), ("backbone",), ("pretraining",), ("protocol",), ("encoder", "source"), ("dataset", "name")]
    paths += [("provenance", name) for name in ("artbench", "torch", "hardware", "device")]
    path = it.random.choice(paths)
    odd = it.random.choice(["\x1b[2J", "\n", "\x00", "\u202e", "\u200b", "\x85", "\u2028", "\ud800"])
    name = at(content, path)
    at(content, path[:-1])[path[-1]] = name[:2] + odd + name[2:]
    it.file.write_text(json.dumps(content))


@harmful
def a_plugin_version_that_is_none(it: Submission) -> None:
    put(it, ("provenance", "plugins", "artbench"), it.random.choice(["\x1b]0;x\x07", "1 && true", "x" * 1000]))


@harmful
def another_name(it: Submission) -> None:
    path = (it.random.choice(["task", "backbone", "pretraining"]),)
    put(
        it,
        path,
        it.random.choice(["../../../tmp/x", "a\\b", "CON", "resnet50 | <b>", "=cmd()", "x" * 300, "x" * 301, ""]),
    )


@harmful
def another_task_version(it: Submission) -> None:
    put(it, ("task_version",), it.random.choice([0, 2, 10**20]))


@harmful
def another_task_version_in_its_place(it: Submission) -> None:
    put(it, ("task_version",), 2)
    it.settle()


@harmful
def a_schema_nobody_knows(it: Submission) -> None:
    put(it, ("schema",), it.random.choice([0, 2, "1", None, True]))


@harmful
def another_primary_metric(it: Submission) -> None:
    content = it.content
    put(it, ("primary_metric",), it.random.choice([n for n in content["metrics"] if n != content["primary_metric"]]))


@harmful
def a_protocol_of_its_own(it: Submission) -> None:
    put(it, ("protocol",), it.random.choice(["linear-v2", "ridge-v1", "linear-v1-shots-4", "linear-v1 ", "LINEAR-V1"]))
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
def other_neighbours(it: Submission) -> None:
    put(it, *it.random.choice([(("neighbours", "k"), 5), (("neighbours", "temperature"), 0.1)]))


@harmful
def another_encoder_of_the_same_name(it: Submission) -> None:
    path = ("encoder", it.random.choice(["parameters", "feature_dim", "input_size"]))
    now = at(it.content, path)
    put(it, path, it.random.choice([value for value in (0, now // 2, now + 1) if value != now]))
    # Where two say different things, the later one is blamed.
    put(it, ("provenance", "created"), "2026-12-31T04:00:00Z")


@harmful
def from_the_future(it: Submission) -> None:
    put(it, ("provenance", "created"), it.random.choice(["2999-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00"]))


@harmful
def a_time_without_a_place(it: Submission) -> None:
    put(
        it,
        ("provenance", "created"),
        it.random.choice(["2026-01-01T00:00:00", "yesterday", "", "2026-13-01T00:00:00Z"]),
    )


@harmful
def nothing_took_part(it: Submission) -> None:
    put(it, ("provenance", "plugins"), {})


@harmful
def a_flipped_bit(it: Submission) -> None:
    suffix = it.random.choice([".parquet", ".classes.parquet"])
    data = bytearray(it.beside(suffix).read_bytes())
    data[it.random.randrange(len(data))] ^= 1 << it.random.randrange(8)
    it.beside(suffix).write_bytes(data)


@harmful
def a_flipped_bit_on_record(it: Submission) -> None:
    """The digest fits; then it must be the footer, the page or the values that don't."""
    data = bytearray(it.beside().read_bytes())
    # A bit of a column's chunk can be one that no reader looks at; the magic number is looked at by all.
    data[it.random.choice([0, 1, 2, 3, len(data) - 1, len(data) - 5])] ^= 1 << it.random.randrange(8)
    it.beside().write_bytes(data)
    put(it, ("predictions", "sha256"), sha256_of(it.beside()))


@harmful
def a_file_cut_short(it: Submission) -> None:
    file = it.random.choice([it.file, it.beside(), it.beside(".classes.parquet")])
    data = file.read_bytes()
    file.write_bytes(data[: it.random.randrange(len(data) - 3)])


@harmful
def predictions_that_are_a_pickle(it: Submission) -> None:
    it.beside().write_bytes(pickle.dumps({"image": ["a"]}))
    put(it, ("predictions", "sha256"), sha256_of(it.beside()))


@harmful
def predictions_of_another(it: Submission) -> None:
    other = it.random.choice(it.others).with_suffix(".parquet")
    it.beside().write_bytes(other.read_bytes())
    if it.random.random() < 0.7:
        put(it, ("predictions", "sha256"), sha256_of(it.beside()))


@harmful
def everything_of_another(it: Submission) -> None:
    """Another's result under other weights, in the place where such a record belongs."""
    content = json.loads(it.random.choice(it.others).read_text())
    source = next(file for file in it.others if json.loads(file.read_text()) == content)
    for suffix in (".parquet", ".classes.parquet", ".confusion.parquet"):
        if source.with_suffix(suffix).exists():
            it.beside(suffix).write_bytes(source.with_suffix(suffix).read_bytes())
    content["encoder"]["weights_sha256"] = f"{it.random.getrandbits(256):064x}"
    content["provenance"]["created"] = "2026-12-31T04:00:00Z"
    it.write(content)
    it.settle()


@harmful
def the_same_weights_under_another_name(it: Submission) -> None:
    source = it.random.choice(it.others)
    for suffix in (".json", ".parquet", ".classes.parquet", ".confusion.parquet"):
        if source.with_suffix(suffix).exists():
            it.beside(suffix).write_bytes(source.with_suffix(suffix).read_bytes())
    content = it.content
    content["pretraining"] = "mine"
    content["provenance"]["created"] = "2026-12-31T04:00:00Z"
    it.write(content)
    it.settle()


def _set(column: str, change: Callable[[list[Any], Random], None], random: Random) -> Callable[[pa.Table], pa.Table]:
    def apply(table: pa.Table) -> pa.Table:
        values = table[column].to_pylist()
        change(values, random)
        return table.set_column(
            table.column_names.index(column), column, pa.array(values, table.schema.field(column).type)
        )

    return apply


def _other(value: Any, random: Random) -> Any:
    """Another class, or other labels."""
    if isinstance(value, list):
        return sorted(set(range(8)) ^ set(value))
    return random.choice([number for number in range(8) if number != value])


@harmful
def another_target(it: Submission) -> None:
    def change(values: list[Any], random: Random) -> None:
        row = random.randrange(len(values))
        values[row] = _other(values[row], random)

    it.rewrite(_set("target", change, it.random))


@harmful
def another_prediction(it: Submission) -> None:
    def change(values: list[Any], random: Random) -> None:
        for row in random.sample(range(len(values)), random.randint(1, 30)):
            values[row] = _other(values[row], random)

    it.rewrite(_set("prediction", change, it.random))


@harmful
def other_probabilities(it: Submission) -> None:
    def change(values: list[Any], random: Random) -> None:
        if isinstance(values[0], list):
            values[:] = [[1 - chance for chance in row] for row in values]
        else:
            values[:] = [(1 + chance) / 2 for chance in values]

    it.rewrite(_set("confidence", change, it.random))


@harmful
def a_probability_that_is_none(it: Submission) -> None:
    odd = it.random.choice([1.5, -0.5, math.nan, math.inf, None])

    def change(values: list[Any], random: Random) -> None:
        row = random.randrange(len(values))
        values[row] = [odd, *values[row][1:]] if isinstance(values[row], list) else odd

    it.rewrite(_set("confidence", change, it.random))


@harmful
def a_class_that_is_none(it: Submission) -> None:
    odd = it.random.choice([-1, 24, 2**31 - 1, None])

    def change(values: list[Any], random: Random) -> None:
        values[-1] = [odd] if isinstance(values[-1], list) else odd

    it.rewrite(_set(it.random.choice(["target", "prediction"]), change, it.random))


@harmful
def rows_left_out(it: Submission) -> None:
    count = it.random.randint(1, 300)
    it.rewrite(lambda table: table.slice(0, len(table) - count))
    if it.random.random() < 0.5:
        put(it, ("dataset", "test"), 360 - count)


@harmful
def a_row_twice(it: Submission) -> None:
    row = it.random.randrange(360)
    it.rewrite(
        lambda table: pa.concat_tables([table.slice(0, 359), table.slice(row, 1)]) if row != 359 else table[::-1]
    )


@harmful
def other_images(it: Submission) -> None:
    def change(values: list[Any], random: Random) -> None:
        row = random.randrange(1, len(values))
        values[row], values[row - 1] = (
            (values[row - 1], values[row]) if random.random() < 0.5 else ("x.jpg", values[row])
        )

    it.rewrite(_set("image", change, it.random))


@harmful
def a_column_more_or_less(it: Submission) -> None:
    more = it.random.random() < 0.5
    it.rewrite(
        lambda table: (
            table.append_column("file_name", pa.array(["C:/me/secret.jpg"] * len(table)))
            if more
            else table.drop_columns([it.random.choice(table.column_names)])
        )
    )


@harmful
def a_column_of_another_type(it: Submission) -> None:
    name = it.random.choice(["image", "target", "prediction", "confidence"])
    column = it.random.choice(
        [
            pa.nulls(360),
            pa.array([b"\xff"] * 360),
            pa.array([{"a": 1}] * 360),
            pa.array([[["x"]]] * 360),
            pa.array([0.5j.imag] * 360),
        ]
    )
    it.rewrite(lambda table: table.set_column(table.column_names.index(name), name, column))


@harmful
def metadata_that_tell_tales(it: Submission) -> None:
    it.rewrite(lambda table: table.replace_schema_metadata({"path": "/home/me/pictures"}))


@harmful
def another_table(it: Submission) -> None:
    column = it.random.choice(["support", "precision", "f1", "class"])

    def change(values: list[Any], random: Random) -> None:
        row = random.randrange(len(values))
        values[row] = "somebody else" if isinstance(values[row], str) else values[row] + 1

    it.rewrite(_set(column, change, it.random), ".classes.parquet")


@harmful
def a_file_missing(it: Submission) -> None:
    it.random.choice([it.beside(), it.beside(".classes.parquet")]).unlink()


@harmful
def no_predictions_on_record(it: Submission) -> None:
    content = it.content
    content["predictions"] = None
    it.beside().unlink()
    it.write(content)


@harmful
def no_tables_on_record(it: Submission) -> None:
    content = it.content
    for name in content["tables"]:
        it.beside(f".{name}.parquet").unlink()
    content["tables"] = {}
    it.write(content)


@harmful
def no_record_for_the_predictions(it: Submission) -> None:
    it.file.unlink()
    it.blamed = it.beside()


@harmful
def a_link_in_the_place_of_a_file(it: Submission) -> None:
    file = it.random.choice([it.file, it.beside()])
    aside = it.folder / f"aside-{it.file.name}"
    file.rename(aside)
    file.symlink_to(it.random.choice([aside, Path("/etc/passwd"), Path("/dev/zero"), file]))
    it.blamed = file


@harmful
def a_pipe_in_the_place_of_a_file(it: Submission) -> None:
    file = it.random.choice([it.file, it.beside()])
    file.unlink()
    os.mkfifo(file)
    it.blamed = file


@harmful
def a_folder_in_the_place_of_a_file(it: Submission) -> None:
    it.file.unlink()
    it.file.mkdir()
    it.blamed = it.file


@harmful
def something_that_does_not_belong_here(it: Submission) -> None:
    name = it.random.choice(["x.pkl", "x.jpg", ".x.json.swp", "\x1b[31mred.txt", "a\nb.html", "x.parquet", "✓.json"])
    it.blamed = it.file.parent / f"{it.file.stem}{name}"
    it.blamed.write_bytes(b"\x80\x04.")


@harmful
def a_file_too_large(it: Submission) -> None:
    file = it.random.choice([it.file, it.beside()])
    os.truncate(file, 2**33)
    it.blamed = file


@harmful
def a_file_that_is_no_json(it: Submission) -> None:
    it.file.write_bytes(
        it.random.choice(
            [
                b"",
                b"\xff\xfe\x00",
                b"[" * 100_000,
                b"9" * 50_000,
                b"null",
                b"[]",
                b'"x"',
                b'{"schema": 1',
                b"{}",
                b"\x80\x04}.",
            ]
        )
    )


@harmful
def the_same_twice(it: Submission) -> None:
    it.blamed = it.file.with_name(f"a-copy-of-{it.file.name}")
    for suffix in (".json", ".parquet", ".classes.parquet", ".confusion.parquet"):
        if it.beside(suffix).exists():
            it.blamed.with_suffix(suffix).write_bytes(it.beside(suffix).read_bytes())


@harmful
def in_the_wrong_place(it: Submission) -> None:
    folder = it.file.parent.parent / "another-task"
    folder.mkdir(exist_ok=True)
    for suffix in (".parquet", ".classes.parquet", ".confusion.parquet", ".json"):
        if it.beside(suffix).exists():
            it.beside(suffix).rename(folder / it.beside(suffix).name)
    it.file = folder / it.file.name


@harmless
def another_machine(it: Submission) -> None:
    put(it, ("provenance", "hardware"), it.random.choice(["a GPU", "Prozessor „schnell“, 8 Kerne", "x" * 300]))


@harmless
def other_times(it: Submission) -> None:
    put(it, it.random.choice(numbers(it, "timing")), it.random.uniform(0, 1e6))


@harmless
def other_versions(it: Submission) -> None:
    name = it.random.choice(["artbench", "torch", "timm", "python"])
    put(it, ("provenance", name), it.random.choice(["2.8.0", "1.0.0rc1", "3.13.0+local"]))


@harmless
def an_earlier_day(it: Submission) -> None:
    put(it, ("provenance", "created"), it.random.choice(["2026-01-01T00:00:00Z", "2026-11-23T23:00:00+05:30"]))


@harmless
def a_field_with_a_default_missing(it: Submission) -> None:
    content = it.content
    for name in it.random.sample(["clusters", "rounds", "few_shot"], 2):
        del content[name]
    it.write(content)


@harmless
def a_plugin_nobody_has(it: Submission) -> None:
    put(it, ("provenance", "plugins", "artbench-nobodys"), "1.0")


@harmless
def other_neighbours_within_their_interval(it: Submission) -> None:
    content = it.content
    metric = it.random.choice(["macro_f1", "mean_average_precision"])
    if metric in content["neighbours"]["metrics"]:
        it_is = content["neighbours"]["metrics"][metric]
        it_is["value"] = it.random.uniform(*it_is["ci95"])
    it.write(content)


@harmless
def written_otherwise(it: Submission) -> None:
    it.file.write_text(json.dumps(it.content, indent=it.random.choice([None, 4]), sort_keys=True))
