"""The fixtures that artbench gives to pytest, and that they cost nothing where they are not used."""

import os
import subprocess
import sys
from pathlib import Path

import artbench
from artbench.runtime.files import cache_folder
from artbench.specs import BackboneSpec
from artbench.testing import TinyDataset, check_backbone, check_dataset, check_task
from artbench.testing.pytest_plugin import Isolated


def test_a_test_has_folders_of_its_own(artbench_isolated: Isolated) -> None:
    assert cache_folder() == artbench_isolated.cache
    assert os.environ["ARTBENCH_DATA"] == str(artbench_isolated.data)
    assert Path("results").absolute() == artbench_isolated.results
    assert not list(artbench_isolated.results.iterdir())


def test_the_tiny_dataset_and_backbone_keep_the_contract_and_run(
    artbench_tiny_dataset: TinyDataset, artbench_tiny_backbone: BackboneSpec
) -> None:
    check_backbone(artbench_tiny_backbone)
    check_dataset(artbench_tiny_dataset.spec, artbench_tiny_dataset.root)
    check_task("tiny-colour", plugins=[artbench_tiny_dataset.plugin])
    record = artbench.run(
        backbone="tiny", pretraining="random", task="tiny-colour", plugins=[artbench_tiny_dataset.plugin]
    )
    assert (record.dataset.train, record.dataset.test) == (24, 12)
    assert {Path(file).suffix for file in artbench_tiny_dataset.read().files} == {".png", ".jpg"}


def test_pytest_starts_without_torch() -> None:
    code = (
        "import sys, artbench.testing.pytest_plugin; assert not {'torch', 'numpy', 'PIL', 'pyarrow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
