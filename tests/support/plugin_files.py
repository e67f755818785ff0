"""Plugins as strangers write them, in one file."""

from pathlib import Path
from textwrap import dedent

GOOD = """
    from artbench import hookimpl
    from artbench.specs import BackboneSpec, DatasetSpec, Family, MetricSpec, PretrainingSpec, TargetSpec, TaskSpec
    from artbench.specs import ProtocolSpec

    @hookimpl
    def register_backbones(register):
        register(BackboneSpec(name="hog", description="Histograms.", factory="nowhere.at.all:build"))
        register(Family(name="zoo", description="A zoo.", resolve=resolve, names=lambda: ["zebra", "zebu"]))

    def resolve(name):
        if name in ("zebra", "zebu"):
            return BackboneSpec(name=name, description="An animal.", factory="nowhere:build")

    @hookimpl
    def register_pretrainings(register):
        register(PretrainingSpec(name="stripes", description="Stripes.", weights="nowhere:weights"))

    @hookimpl
    def register_datasets(register):
        register(DatasetSpec(name="etchings", description="Etchings.", factory="nowhere:read", source="a drawer",
                             layout="etchings"))

    @hookimpl
    def register_tasks(register):
        register(TaskSpec(name="etchings-school", description="School.", dataset="etchings", target="single-label",
                          primary_metric="accuracy", factory="nowhere:targets"))

    @hookimpl
    def register_targets(register):
        register(TargetSpec(name="state", description="Of a plate.", answer="number", metrics=("state_error",)))

    @hookimpl
    def register_metrics(register):
        register(MetricSpec(name="state_error", description="Error.", target="state", measure="nowhere:measure"))

    @hookimpl
    def register_protocols(register):
        register(ProtocolSpec(name="etched-v1", description="A probe.", probe="nowhere:fit"))
"""


# Of two plugins with the names of this one, both are loaded.
SHARED = GOOD.partition("    @hookimpl\n    def register_targets")[0]


def plugin_file(folder: Path, text: str, name: str = "mine.py") -> Path:
    file = folder / name
    file.write_text(dedent(text))
    return file
