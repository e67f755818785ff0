"""What is kept is listed, and removed by name, age and size."""

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from artbench.cli.cache import cache as command
from artbench.errors import ArtbenchError
from artbench.features.inventory import StoredFeatures, remove, select, stored_features
from artbench.runtime.cache_kinds import CACHE_KINDS
from artbench.runtime.lease import Lease
from tests.support.extraction import encoder, features, paint
from tests.support.reporters import RecordingReporter

NOW = datetime(2030, 1, 31, tzinfo=UTC)


def entry(name: str, *, days: int, megabytes: int) -> StoredFeatures:
    dataset, backbone, pretraining = name.split("/")
    return StoredFeatures(
        folder=Path(name),
        dataset=dataset,
        backbone=backbone,
        pretraining=pretraining,
        dtype="float32",
        bytes=megabytes * 10**6,
        created=NOW - timedelta(days=99),
        used=NOW - timedelta(days=days),
    )


ENTRIES = [
    entry("wikiart/resnet50/imagenet", days=1, megabytes=100),
    entry("wikiart/vit_small/imagenet", days=40, megabytes=50),
    entry("imet/resnet50/random", days=20, megabytes=200),
]


@pytest.mark.parametrize(
    ("choice", "chosen"),
    [
        ({}, [0, 1, 2]),
        ({"names": ["wikiart"]}, [0, 1]),
        ({"names": ["resnet*"]}, [0, 2]),
        ({"names": ["*/resnet50/imagenet", "random"]}, [0, 2]),
        ({"names": ["wiki"]}, []),
        ({"older_than": timedelta(days=20)}, [1]),
        ({"older_than": timedelta(days=10), "names": ["imet"]}, [2]),
        ({"down_to": 350 * 10**6}, []),
        ({"down_to": 349 * 10**6}, [1]),
        ({"down_to": 200 * 10**6}, [1, 2]),
        ({"down_to": 0}, [1, 2, 0]),
        ({"down_to": 0, "names": ["wikiart"]}, [1, 0]),
    ],
)
def test_choice(choice: dict[str, object], chosen: list[int]) -> None:
    assert select(ENTRIES, now=NOW, **choice) == [ENTRIES[n] for n in chosen]  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with two sets of features, of which `old` was used long ago."""
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    cache = tmp_path / "cache" / "features"
    images = paint(tmp_path, 20)
    features(images, cache)
    features(images, cache, by=encoder(backbone="old", pretraining="moco-v2"))
    past = (datetime.now(UTC) - timedelta(days=50)).timestamp()
    os.utime(next(cache.glob("*/old-*/manifest.json")), (past, past))
    return cache


def test_kept_features_are_listed(folder: Path) -> None:
    old, tiny = stored_features(folder)
    assert (old.name, tiny.name) == ("tiny/old/moco-v2", "tiny/tiny/random")
    assert old.used < tiny.used
    assert tiny.bytes >= 18 * 24 * 4
    listed = json.loads(CliRunner().invoke(command, ["--json"]).stdout)
    named = [row["name"] for row in listed if row["kind"] == "features"]
    assert named == ["tiny/old/moco-v2", "tiny/tiny/random"]
    shown = CliRunner().invoke(command, []).output
    assert "50 d ago" in shown
    assert "just now" in shown


def test_removed_features_are_gone_and_come_back_when_asked_for(folder: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(command, ["remove", "--older-than", "30d"])
    assert done.exit_code == 0
    assert done.stdout.startswith("tiny/old/moco-v2\t")
    assert [entry.backbone for entry in stored_features(folder)] == ["tiny"]
    assert CliRunner().invoke(command, ["remove", "--all"]).exit_code == 0
    assert stored_features(folder) == []
    assert {path.name for path in folder.iterdir() if any(path.iterdir())} == {".leases"}
    assert CliRunner().invoke(command, ["remove", "--down-to", "1GB"]).stderr == "Nothing to remove.\n"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--all", "tiny"],
        ["--down-to", "much"],
        ["--older-than", "yesterday"],
        ["--down-to", "-3GB"],
        ["--older-than", "99999999999d"],
        ["--down-to", "9" * 400],
    ],
)
def test_wrong_usage_removes_nothing(arguments: list[str], folder: Path) -> None:
    assert CliRunner().invoke(command, ["remove", *arguments]).exit_code == 2
    assert len(stored_features(folder)) == 2


def test_what_is_being_extracted_stays(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    removed = []
    listener = RecordingReporter(each=lambda: removed.append([remove(entry) for entry in stored_features(cache)]))
    features(paint(tmp_path, 10), cache, reporter=listener)
    assert removed
    assert all(each == [False] for each in removed)
    assert len(stored_features(cache)) == 1


@pytest.mark.parametrize("text", ["{half", "[" * 100_000, "[]", '{"key": 3}'])
def test_a_broken_manifest_is_mended(text: str, tmp_path: Path) -> None:
    images = paint(tmp_path, 10)
    features(images, tmp_path / "cache")
    next((tmp_path / "cache").glob("*/*/manifest.json")).write_text(text)
    (nameless,) = stored_features(tmp_path / "cache")
    assert nameless.backbone.startswith("tiny-")
    assert features(images, tmp_path / "cache").timing.extracted == 0
    assert [entry.name for entry in stored_features(tmp_path / "cache")] == ["tiny/tiny/random"]


def test_what_a_killed_removal_left_is_listed_and_removed(folder: Path) -> None:
    for manifest in folder.glob("*/*/manifest.json"):
        manifest.unlink()
    assert [(entry.dataset[:5], entry.pretraining) for entry in stored_features(folder)] == [("tiny-", "?")] * 2
    assert all(entry.bytes for entry in stored_features(folder))
    assert CliRunner().invoke(command, ["remove", "--all"]).exit_code == 0
    assert {path.name for path in folder.iterdir()} == {".contents", ".leases"}


def test_what_manifests_say_is_not_believed(folder: Path) -> None:
    manifest = next(folder.glob("*/tiny-*/manifest.json"))
    content = json.loads(manifest.read_text())
    content |= {"created": "2020-01-01T00:00:00", "pretraining": "\x1b[2Jgone\udce9\n"}
    manifest.write_text(json.dumps(content))
    far = (datetime.now(UTC) + timedelta(days=9000)).timestamp()
    os.utime(manifest, (far, far))
    for arguments in ([], ["--json"]):
        listed = CliRunner().invoke(command, arguments)
        assert listed.exit_code == 0
        assert "?[2Jgone??" in listed.stdout
    assert stored_features(folder)[1].used <= datetime.now(UTC)


def test_two_removals_at_once_are_no_trouble(folder: Path) -> None:
    entry = stored_features(folder)[0]
    assert remove(entry)
    assert remove(entry)


def test_what_cant_be_removed_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ArtbenchError, match="can't be removed"):
        remove(replace(ENTRIES[0], folder=tmp_path / "file"))


def test_of_a_lease_one_file_stays_and_of_locks_of_earlier_versions_nothing(tmp_path: Path) -> None:
    images = paint(tmp_path, 3)
    for _ in range(3):
        features(images, tmp_path / "cache")
    (store,) = stored_features(tmp_path / "cache")
    (lease,) = (tmp_path / "cache" / ".leases").iterdir()
    assert [file.name for file in sorted(lease.iterdir())] == ["000001", "000002", "000003"]
    stored = sum(file.stat().st_blocks * 512 for file in (*store.folder.iterdir(), *lease.iterdir()))
    assert store.bytes == stored
    locks = tmp_path / "cache" / ".locks"
    locks.mkdir()
    (locks / f"{store.folder.name}.lock").write_text("")
    assert remove(store)
    assert [file.name for file in lease.iterdir()] == ["000004"]
    assert not locks.exists()
    assert features(images, tmp_path / "cache").timing.extracted == 3
    assert max(file.name for file in lease.iterdir()) == "000005"


_DIGEST = "0123456789abcdef" * 2
_MADE = {
    "datasets": "datasets/sample-2/labels.csv",
    "pretrainings": f"pretrainings/{_DIGEST}/encoder.safetensors",
    "packs": f"packs/{_DIGEST}/images",
    "neighbours": f"neighbours/{_DIGEST}/cosine.idx",
    "contents": "features/.contents/sample-1.idx",
    "surveys": "surveys/sample-1.sqlite",
    "audits": f"audits/{_DIGEST}.json",
    "ranks": f"ranks/{_DIGEST}.npz",
    "names": "names/tasks.json",
    "places": "places.json",
}


def test_all_is_all_and_each_kind_is_listed_and_can_be_removed(folder: Path) -> None:
    cache = folder.parent
    for kind in CACHE_KINDS:
        file = cache / _MADE[kind.name]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bytes(1000))
    # Who has his pictures in a folder beside the cache's own keeps them.
    mine = cache / "datasets" / "wikiart" / "one.jpg"
    mine.parent.mkdir()
    mine.write_bytes(b"a picture")
    listed = json.loads(CliRunner().invoke(command, ["--json"]).stdout)
    assert {row["kind"] for row in listed} == {"features", *(kind.name for kind in CACHE_KINDS)}
    shown = CliRunner().invoke(command, []).output
    assert all(f"{kind.name} " in shown for kind in CACHE_KINDS)
    done = CliRunner().invoke(command, ["remove", "--kind", "surveys", "--kind", "ranks"])
    assert done.stdout == "surveys\t1.0 kB\nranks\t1.0 kB\n"
    # What a living run makes stays.
    busy = (cache / _MADE["pretrainings"]).parent
    with Lease(busy / ".lease", doing="training") as lease:
        lease.acquire()
        done = CliRunner().invoke(command, ["remove", "--all"])
        assert f"{busy} is being made, and was not removed." in done.stderr
        assert (cache / _MADE["pretrainings"]).is_file()
    done = CliRunner().invoke(command, ["remove", "--all"])
    assert done.exit_code == 0
    assert [file for file in cache.rglob("*") if file.is_file() and ".leases" not in file.parts] == [mine]
    assert json.loads(CliRunner().invoke(command, ["--json"]).stdout) == []
