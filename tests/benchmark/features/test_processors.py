"""Features made on processors with other instructions: one store, one answer to rounding."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from artbench.data.dataset import Dataset
from artbench.encoders.encoder import Encoder
from tests.support.extraction import COUNT, GOOD, features
from tests.support.reporters import RecordingReporter

# Run by a process of its own: the instructions are chosen once, when torch is loaded.
_EXTRACT = f"""
import sys
from pathlib import Path
import torch
from tests.benchmark.features.test_processors import GOOD, deep
from tests.support.extraction import dataset, features

folder, cache = map(Path, sys.argv[1:])
features(dataset(folder, {COUNT}), cache, rows=GOOD[::2], by=deep(), workers=2, dtype=torch.float32)
"""


def deep() -> Encoder:
    """A network as deep as real ones, for small images."""
    import timm

    from tests.support.extraction import encoder

    torch.manual_seed(0)
    module = timm.create_model("resnet18", num_classes=0).eval()
    return encoder(module=module, feature_dim=module.num_features)


@pytest.mark.integration
def test_a_store_that_another_kind_of_processor_began_is_gone_on_with(
    images: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = tmp_path / "begun"
    with monkeypatch.context() as patch:
        patch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
        patch.setenv("ATEN_CPU_CAPABILITY", "avx2")
        command = [sys.executable, "-c", _EXTRACT, str(images.root.parent), str(begun)]
        subprocess.run(command, check=True, cwd=Path(__file__).parents[3], timeout=110)

    reporter = RecordingReporter()
    both = features(images, begun, rows=GOOD, by=deep(), dtype=torch.float32, reporter=reporter)
    assert both.timing.extracted == len(GOOD) - len(GOOD[::2])
    assert not [notice for notice in reporter.notices if "other features" in notice]

    own = features(images, tmp_path / "own", rows=GOOD, by=deep(), dtype=torch.float32).take(GOOD)
    # What docs/performance.md promises: a millionth of the largest value for each layer or so, in float32.
    np.testing.assert_allclose(both.take(GOOD), own, rtol=0, atol=2e-5 * np.abs(own).max())
