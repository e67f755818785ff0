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
    keys: tuple[str, ...] = (
        "epochs",
        "batch_size",
        "sub_batch",
        "optimizer",
        "lr",
        "weight_decay",
        "schedule",
        "warmup_epochs",
    )
    keys += ("momentum", "temperature", "crop_scale", "crop_scale_max", "jitter_p", "grey_p", "solarise_p_second")
    together = [("brightness", "contrast", "saturation", "hue"), ("blur_p", "blur_p_second")]
    for group in [*((key,) for key in keys), *together]:
        for name, cell in zip(names, rows[group[0]], strict=True):
            settings = load_method(registry.pretrainings.get(name)).settings()
            found = [getattr(settings, key) for key in group if hasattr(settings, key)]
            # Of a momentum that rises, the start.
            written = [word.partition(" ")[0] for word in cell.split(", ") if word]
            assert [value if isinstance(value, str) else float(value) for value in found] == [
                word if isinstance(value, str) else float(word) for value, word in zip(found, written, strict=True)
            ], (group, name)
