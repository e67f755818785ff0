"""A backbone that takes for ever, or ends its process, does not keep the sizes of others from being known."""

from pathlib import Path

import pytest

from artbench.evaluation.sizes_apart import sizes_apart
from tests.support.plugins import TOY
from tests.support.records import record

_PLUGIN = """
import os
import time

from artbench import hookimpl
from artbench.specs import BackboneSpec


def endless():
    while True:
        time.sleep(1)


def deadly():
    os._exit(1)


@hookimpl
def register_backbones(register):
    register(BackboneSpec(name="endless", description="Takes for ever.", factory=endless))
    register(BackboneSpec(name="deadly", description="Ends the process.", factory=deadly))
"""


@pytest.mark.slow  # Four processes load torch.
@pytest.mark.timeout(300)
def test_one_that_gives_no_answer_leaves_the_others_known(tmp_path: Path) -> None:
    plugin = tmp_path / "odd_plugin.py"
    plugin.write_text(_PLUGIN)
    names = ["deadly", "toy-patches", "endless", "toy-patches", "deadly", "toy-patches"]
    records = [record(backbone=name, protocol="linear-v2") for name in names]
    # Long enough to load torch on a busy machine.
    found = list(sizes_apart([TOY, plugin], longest=30)(records))
    known = [sizes is not None and sizes.parameters is not None for sizes in found]
    # After three without an answer none is asked for any more.
    assert known == [False, True, False, True, False, False]
