"""The kinds of plugins that there are templates for."""

from collections.abc import Mapping
from dataclasses import dataclass

from artbench.plugins.scaffold.naming import Names


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What a template gives.

    Attributes:
        summary: One line; that of the package.
        registers: What it registers: the kind of each thing, and what its name has behind that of the plugin.
        dependencies: Of the package, besides artbench.
        development: Of its tests, besides the tools that every package has.
        trial: The command that uses it for the first time; `NAME` stands for the plugin's.
    """

    summary: str
    registers: Mapping[str, str]
    dependencies: tuple[str, ...]
    development: tuple[str, ...] = ()
    trial: str

    def registered(self, names: Names) -> list[tuple[str, str]]:
        """Kind and name of all that it registers."""
        return [(kind, names.registered + behind) for kind, behind in self.registers.items()]


KINDS: Mapping[str, Kind] = {
    "backbone": Kind(
        summary="A small residual network as a backbone of artbench",
        registers={"backbone": ""},
        dependencies=("torch>=2.6",),
        trial="artbench run --backbone NAME --pretraining random --task sample-style",
    ),
    "pretraining": Kind(
        summary="SimSiam as a pretraining of artbench",
        registers={"pretraining": ""},
        dependencies=("pydantic>=2.6", "torch>=2.6"),
        trial="artbench pretrain NAME --backbone resnet18 --dataset sample --out trained --set steps=20 "
        "--set batch_size=32 --set crop_size=64",
    ),
    "dataset": Kind(
        summary="Pictures in a folder with a list as a dataset of artbench, and a task on them",
        registers={"dataset": "", "task": "-technique"},
        dependencies=("numpy>=2.0",),
        development=("pillow>=11.0",),
        trial="python tests/few_pictures.py few && artbench run --backbone colour-histogram --pretraining none "
        "--task NAME-technique --data NAME=few",
    ),
    "task": Kind(
        summary="Labels for pictures of another dataset as a task of artbench",
        registers={"task": ""},
        dependencies=("numpy>=2.0",),
        development=("pillow>=11.0",),
        trial="artbench run --backbone colour-histogram --pretraining none --task NAME",
    ),
}
