"""`artbench data download`, from a server on this machine that speaks the hub's protocol."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from artbench.cli.data import data
from artbench.errors import UsageError
from tests.support.hub_server import COMMIT, Hub, serving

pytestmark = pytest.mark.integration

FILES = {
    "README.md": b"# WikiArt\n",
    "data/train-00000-of-00002.parquet": b"PAR1" + bytes(range(256)) * 4000 + b"PAR1",
    "data/train-00001-of-00002.parquet": b"PAR1" + bytes(range(255, -1, -1)) * 4000 + b"PAR1",
    "other/thing.bin": b"not asked for",
}


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving("huggan/wikiart", FILES) as running:
        yield running


def download(hub: Hub, root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command; without a terminal, and with no other server in reach."""
    environment = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
    environment |= {
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(root / "hf"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_XET": "1",
        "HF_TOKEN": "hf_secret",
        "HF_HUB_DOWNLOAD_TIMEOUT": "5",
    }
    environment.pop("HF_HUB_OFFLINE", None)
    command = [sys.executable, "-m", "artbench", "data", "download", "wikiart-huggan", "--data-root", str(root), *words]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=120, check=False, stdin=subprocess.DEVNULL
    )


def test_nothing_is_fetched_before_the_terms_are_accepted(hub: Hub, tmp_path: Path) -> None:
    done = download(hub, tmp_path)
    assert done.returncode == 2
    assert "Non-commercial research only" in done.stderr
    assert "--accept-terms" in done.stderr
    assert hub.requests == []
    assert not (tmp_path / "wikiart-huggan").exists()


def test_the_files_come_whole_and_once(hub: Hub, tmp_path: Path) -> None:
    done = download(hub, tmp_path, "--accept-terms")
    folder = tmp_path / "wikiart-huggan"
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{folder}\n"
    for name, content in FILES.items():
        assert (folder / name).is_file() == (name != "other/thing.bin")
        assert name == "other/thing.bin" or (folder / name).read_bytes() == content
    assert hub.tokens == {None}
    assert all(COMMIT in path for _, path, _ in hub.requests if "/resolve/" in path)
    hub.requests.clear()
    assert download(hub, tmp_path, "--accept-terms").returncode == 0
    assert not [path for method, path, _ in hub.requests if method == "GET" and "/resolve/" in path]


def test_after_a_break_the_files_that_are_whole_are_kept_and_the_others_come(hub: Hub, tmp_path: Path) -> None:
    broken, whole = "data/train-00001-of-00002.parquet", "data/train-00000-of-00002.parquet"
    hub.breaks.add(broken)
    first = download(hub, tmp_path, "--accept-terms")
    assert first.returncode == 1
    assert "the same command resumes" in first.stderr
    assert "Traceback" not in first.stderr
    assert not (tmp_path / "wikiart-huggan" / broken).exists()
    had = (tmp_path / "wikiart-huggan" / whole).exists()
    hub.breaks.clear()
    hub.requests.clear()
    assert download(hub, tmp_path, "--accept-terms").returncode == 0
    for name in (broken, whole):
        assert (tmp_path / "wikiart-huggan" / name).read_bytes() == FILES[name]
    fetched = {path.partition(COMMIT + "/")[2] for method, path, _ in hub.requests if method == "GET"}
    assert broken in fetched
    assert (whole in fetched) == (not had)


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"README.md": b"x"},
        {"data/train-00000-of-00002.parquet": b"PAR1 and so on PAR1"},
        {"data/train-00000-of-00001.parquet": b"five!"},
        {"data/train-00000-of-00001.parquet": b""},
    ],
)
def test_nothing_and_a_few_bytes_are_no_dataset(files: dict[str, bytes], tmp_path: Path) -> None:
    with serving("huggan/wikiart", files) as hub:
        done = download(hub, tmp_path, "--accept-terms")
    assert done.returncode == 1, done.stdout
    assert done.stdout == ""
    assert not list((tmp_path / "wikiart-huggan" / "data").glob("*.parquet"))


def test_a_server_that_lies_about_names_writes_nothing_outside(tmp_path: Path) -> None:
    lies = {
        "data/train-00000-of-00001.parquet/../../../../evil.parquet": b"PAR1 evil PAR1",
        "data/train-x/../../../evil.parquet": b"PAR1 evil PAR1",
        "/tmp/data/train-00000-of-00001.parquet": b"PAR1 evil PAR1",
    }
    with serving("huggan/wikiart", lies | FILES) as hub:
        done = download(hub, tmp_path / "a" / "b", "--accept-terms")
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.rglob("evil*"))


def test_a_dataset_that_no_program_may_fetch_says_where_it_is_and_what_to_put_where(tmp_path: Path) -> None:
    words = ["download", "wikiart", "--data-root", str(tmp_path)]
    result = CliRunner().invoke(data, words, standalone_mode=False)
    assert result.return_value == 1
    assert "github.com/cs-chan/ArtGAN" in result.stdout
    assert (
        f"wikiart_csv/{{style,artist,genre}}_{{train,val}}.csv and *_class.txt into {tmp_path / 'wikiart'}"
        in result.stdout
    )


def test_what_artbench_makes_itself_needs_no_download() -> None:
    result = CliRunner().invoke(data, ["download", "sample"], standalone_mode=False)
    assert result.return_value == 0
    assert "needs no download" in result.stdout


def test_an_unknown_name_and_a_missing_place_are_reported() -> None:
    unknown = CliRunner().invoke(data, ["download", "wikiart-hugan"], standalone_mode=False)
    assert isinstance(unknown.exception, UsageError)
    assert "The nearest: wikiart-huggan" in str(unknown.exception)
    nowhere = CliRunner().invoke(data, ["download", "wikiart-huggan"], standalone_mode=False)
    assert isinstance(nowhere.exception, UsageError)
    assert "--data-root DIR" in str(nowhere.exception)
