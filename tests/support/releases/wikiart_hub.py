"""A small `huggan/wikiart`, in the form in which it lies on the hub."""

import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from tests.support.run_tasks import pixels

NAMES = {
    "artist": ["Unknown Artist", "boris-kustodiev", "camille-pissarro", "rembrandt"],
    "genre": ["abstract_painting", "cityscape", "Unknown Genre"],
    "style": ["Abstract_Expressionism", "Baroque", "Realism"],
}
SHARDS = 2
EACH = 40


def labels(number: int) -> dict[str, int]:
    return {"artist": number % 4, "genre": number // 4 % 3, "style": number % 3}


def encoded(number: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels(number)).save(file, "PNG")
    return file.getvalue()


def write_shard(root: Path, shard: int, *, named: bool = True, shards: int = SHARDS, suffix: str = "") -> Path:
    rows = range(shard * EACH, (shard + 1) * EACH)
    columns: dict[str, list[object]] = {"image": [{"bytes": encoded(row), "path": None} for row in rows]}
    columns |= {name: [labels(row)[name] for row in rows] for name in NAMES}
    table = pa.table(columns)
    if named:
        features = {name: {"names": of, "_type": "ClassLabel"} for name, of in NAMES.items()}
        info = {"info": {"features": {"image": {"_type": "Image"}, **features}}}
        table = table.replace_schema_metadata({"huggingface": json.dumps(info)})
    (root / "data").mkdir(parents=True, exist_ok=True)
    file = root / "data" / f"train-{shard:05}-of-{shards:05}{suffix}.parquet"
    pq.write_table(table, file, row_group_size=15)
    return file


def write_card(root: Path) -> None:
    lines = ["---", "dataset_info:", "  features:", "  - name: image", "    dtype: image"]
    for column, names in NAMES.items():
        lines += [f"  - name: {column}", "    dtype:", "      class_label:", "        names:"]
        lines += [f"          '{number}': {name}" for number, name in enumerate(names)]
    (root / "README.md").write_text("\n".join([*lines, "---", "# WikiArt", ""]), encoding="utf-8")


def write_hub_release(root: Path) -> Path:
    for shard in range(SHARDS):
        write_shard(root, shard)
    return root
