"""Files that are damaged, missing, too many, or no files."""

import os
import pickle
from pathlib import Path

from artbench.records.record import SUFFIXES
from artbench.runtime.files import sha256_of
from tests.support.mutants.submission import Submission, harmful, put


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
    for suffix in (".json", *SUFFIXES):
        if it.beside(suffix).exists():
            it.blamed.with_suffix(suffix).write_bytes(it.beside(suffix).read_bytes())


@harmful
def in_the_wrong_place(it: Submission) -> None:
    folder = it.file.parent.parent / "another-task"
    folder.mkdir(exist_ok=True)
    for suffix in (*SUFFIXES, ".json"):
        if it.beside(suffix).exists():
            it.beside(suffix).rename(folder / it.beside(suffix).name)
    it.file = folder / it.file.name
