import subprocess
import sys

from artbench.plugins.loading import load_plugins
from artbench.specs import load_factory


def test_the_releases_and_their_tasks_are_registered() -> None:
    registry = load_plugins()
    datasets = [spec for entry, spec in registry.datasets.specs() if entry.plugin == "wikiart"]
    tasks = [spec for entry, spec in registry.tasks.specs() if entry.plugin == "wikiart"]
    assert [spec.name for spec in datasets] == ["wikiart", "wikiart-huggan", "wikiart-csd"]
    searched = [spec for spec in tasks if spec.target == "retrieval"]
    assert {spec.name: spec.dataset for spec in searched} == {
        "wikiart-artist-retrieval": "wikiart-csd",
        "wikiart-style-retrieval": "wikiart-csd",
    }
    for spec in [spec for spec in tasks if spec not in searched]:
        # The name of a task says of which release it is, so that the two are never taken for each other.
        assert spec.dataset == ("wikiart-huggan" if spec.name.startswith("wikiart-huggan-") else "wikiart")
        assert (spec.target, spec.primary_metric) == ("single-label", "accuracy")
    for factory in (*(spec.factory for spec in datasets), *(spec.factory for spec in tasks)):
        assert isinstance(factory, str)
        assert callable(load_factory(factory))


def test_registering_imports_nothing_heavy() -> None:
    code = "import sys, artbench_wikiart; print([m for m in ('torch', 'numpy', 'PIL', 'sklearn') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
