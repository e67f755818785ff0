"""How long it takes to index lists of 100,000 rows: from the folder on disk to the targets of a task.

    python -m tests.performance.data_index

Writes 100,000 empty images for each form of dataset into a temporary folder, which takes most of the time.
"""

import csv
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter, process_time

from artbench.data.dataset import Dataset
from artbench.data.targets import Targets
from artbench_collection.dataset import open_collection
from artbench_collection.reading import read_catalogue
from artbench_collection.targets import collection_targets
from artbench_imet.dataset import open_2019
from artbench_imet.tasks import attributes_targets
from artbench_wikiart.dataset import open_wikiart
from artbench_wikiart.painter_tasks import unseen_artists_targets
from artbench_wikiart.tasks import style_targets

ROWS = 100_000


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _measure("wikiart-style", _wikiart(root / "wikiart"), open_wikiart, style_targets)
        _measure("wikiart-style-unseen-artists", root / "wikiart", open_wikiart, unseen_artists_targets)
        _measure("imet-2019-attributes", _imet(root / "imet"), open_2019, attributes_targets)
        _measure("collection", _collection(root / "museum"), _open_collection, _collection_targets)


def _measure(
    name: str, root: Path, open_dataset: Callable[[Path], Dataset], task: Callable[[Dataset], Targets]
) -> None:
    start, cpu = perf_counter(), process_time()
    dataset = open_dataset(root)
    targets = task(dataset)
    digest = targets.fingerprint(dataset)
    print(
        f"{name:30} {len(dataset):,} images, {digest[:8]}: {perf_counter() - start:5.2f} s, of which the processor "
        f"worked {process_time() - cpu:5.2f} s"
    )


def _wikiart(root: Path) -> Path:
    paths = [f"Style_{k % 27}/painter-{k % 1_119}_title é {k}.jpg" for k in range(ROWS)]
    _touch(root / "wikiart", paths)
    (root / "wikiart_csv").mkdir()
    for name, part in (("train", paths[: ROWS * 7 // 10]), ("val", paths[ROWS * 7 // 10 :])):
        lines = "".join(f"{path},{int(path.partition('/')[0][6:])}\r\n" for path in part)
        (root / "wikiart_csv" / f"style_{name}.csv").write_bytes(lines.encode())
    (root / "wikiart_csv" / "style_class.txt").write_text("".join(f"{k} Style_{k}\n" for k in range(27)))
    return root


def _imet(root: Path) -> Path:
    ids = [f"{k * 2654435761:016x}" for k in range(ROWS)]
    _touch(root / "train", [f"{id_}.png" for id_ in ids])
    names = [f"{'culture' if k < 398 else 'tag'}::{k}" for k in range(1_103)]
    _write(root / "labels.csv", [("attribute_id", "attribute_name"), *enumerate(names)])
    rows = [(id_, f"{k % 398} {398 + k % 705} {398 + k * 7 % 705}") for k, id_ in enumerate(ids)]
    _write(root / "train.csv", [("id", "attribute_ids"), *rows])
    return root


def _collection(root: Path) -> Path:
    paths = [f"Saal {k % 100}/SK-A-{k}.jpg" for k in range(ROWS)]
    _touch(root, paths)
    rows = [(path, f"Stil {k % 30}", f"Maler {k % 2_000}", f"Titel {k}") for k, path in enumerate(paths)]
    _write(root / "works.csv", [("path", "style", "group", "title"), *rows])
    return root


def _open_collection(root: Path) -> Dataset:
    return open_collection(root, catalogue=read_catalogue(root / "works.csv"))


def _collection_targets(dataset: Dataset) -> Targets:
    return collection_targets(dataset, column="style", catalogue=read_catalogue(dataset.root / "works.csv"))


def _touch(root: Path, paths: Sequence[str]) -> None:
    for folder in {path.rpartition("/")[0] for path in paths}:
        (root / folder).mkdir(parents=True, exist_ok=True)
    for path in paths:
        (root / path).touch()


def _write(file: Path, rows: Sequence[Sequence[object]]) -> None:
    with file.open("w", newline="", encoding="utf-8") as opened:
        csv.writer(opened).writerows(rows)


if __name__ == "__main__":
    main()
