"""Protocols that a run asks for by name."""

from pathlib import Path

import pytest

from artbench.errors import UsageError
from artbench.plugins.loading import load_plugins
from artbench.plugins.protocols import protocol_to_run

TWICE = """
from artbench import hookimpl
from artbench.specs import ProtocolSpec

@hookimpl
def register_protocols(register):
    for _ in range({times}):
        register(ProtocolSpec(name="twice-v1", description="Mine.", probe="nowhere:probe"))
"""


def test_a_protocol_of_a_plugin_that_was_left_out_is_told_with_the_reason(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(TWICE.format(times=2))
    with pytest.raises(UsageError) as raised:
        protocol_to_run("twice-v1", plugins=[file])
    assert str(raised.value).startswith(
        "no protocol is called 'twice-v1', and plugin mine of mine.py is left out: ValueError: registers two protocols "
        "called 'twice-v1' (mine.py, line 8). "
    )
    assert ", linear-v2, " in str(raised.value)
    load_plugins(only="")
    with pytest.raises(UsageError, match=r"no protocol is called 'twice-v1'\. "):
        protocol_to_run("twice-v1")
    file.write_text(TWICE.format(times=1))
    assert protocol_to_run("twice-v1", plugins=[file]).own is not None
