"""The table of settings in the documentation is that of the code."""

from pathlib import Path

from artbench.plugins import load_plugins
from artbench.pretraining import load_method

PAGE = Path(__file__).parents[3] / "docs" / "pretraining-moco.md"


def test_the_table_of_settings_is_that_of_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    registry = load_plugins([])
    names = ("moco-v1", "moco-v2", "moco-v3", "moco-v3-vit", "simclr", "byol")
    rows = {
        row[0].strip().partition("`")[2].partition("`")[0]: [cell.strip() for cell in row[1:]]
        for row in (line.strip("|").split("|") for line in page.splitlines() if line.startswith("| `"))
        if len(row) == len(names) + 1
    }
    keys = ("epochs", "batch_size", "sub_batch", "optimizer", "lr", "weight_decay", "schedule", "warmup_epochs")
    for key in (*keys, "crop_scale", "crop_scale_max"):
        written = rows[key]
        for name, cell in zip(names, written, strict=True):
            value = getattr(load_method(registry.pretrainings.get(name)).settings(), key)
            assert (float(cell) if not isinstance(value, str) else cell) == value, (key, name)
