"""What a plugin does wrong is told in a line."""

import sys

import pytest

from artbench.errors import ArtbenchError, plugin_errors


def test_a_plugin_that_exits_does_not_end_the_run_without_a_word() -> None:
    with pytest.raises(ArtbenchError, match=r"the probe p failed \(SystemExit: 0\)"), plugin_errors("the probe p"):
        sys.exit(0)
