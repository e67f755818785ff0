"""`artbench report`, from records to pages in a real browser; what is kept, what can't be made, what is refused."""

import json
import shutil
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from artbench.cli.main import artbench
from artbench.errors import ArtbenchError, UsageError
from artbench.evaluation.request import RunRequest
from artbench.evaluation.workflow import run
from artbench.plugins.loading import load_plugins
from artbench.records.folder import ResultsFolder, write_record
from artbench.runtime.lease import Lease
from artbench.runtime.progress import Silent
from tests.support.pages import on_a_phone, wait_until_it_fits
from tests.support.plugins import SEEN, TOY
from tests.support.records import record

# Whole reports, one after the other.
pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

TESTS = Path(__file__).parents[2]
PLUGINS = [TOY, SEEN]
WITHOUT = ("--without", "filters", "--without", "labels")
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with results, and a report of them."""
    folder = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARTBENCH_CACHE", str(folder / "cache"))
        patch.setenv("ARTBENCH_PLUGINS", "")
        for backbone, tasks in (
            ("seen-net", ["toy-colour", "toy-traits", "seen-year"]),
            ("toy-patches", ["toy-colour"]),
        ):
            request = RunRequest(
                backbones=[backbone],
                pretrainings=["random"],
                tasks=tasks,
                results=folder / "results",
                device="cpu",
            )
            assert not run(request, registry=load_plugins(PLUGINS), reporter=Silent()).failures
        hostile = record(backbone=HOSTILE, task="zz-" + HOSTILE)
        write_record(ResultsFolder(folder / "results").file_of(hostile), hostile)
        made = report(folder, "--json")
        assert made.exit_code == 0, made.output
        (folder / "said.json").write_text(made.stdout)
        yield folder


def report(place: Path, *words: str, out: str = "report") -> Result:
    given = ["report", "--results", str(place / "results"), "--out", str(place / out), "--images", "3", "--units", "2"]
    # Packing the dots of the figures takes most of the time at the usual 150.
    given += ["--dpi", "50"]
    for plugin in PLUGINS:
        given += ["--plugin", str(plugin)]
    with pytest.MonkeyPatch.context() as patch:
        # UMAP takes many seconds to compile; `explain map` is tested with it.
        patch.setitem(sys.modules, "umap", None)
        return CliRunner().invoke(artbench, [*given, "--device", "cpu", *words])


def refused(place: Path, *words: str, out: str = "other") -> ArtbenchError:
    error = report(place, *words, out=out).exception
    assert isinstance(error, ArtbenchError), error
    return error


def files(folder: Path) -> dict[str, str]:
    return {
        file.relative_to(folder).as_posix(): sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.parent.name != ".lease"
    }


def a_record(place: Path, backbone: str) -> Path:
    (found,) = (place / "results" / "records" / "toy-traits").glob(f"{backbone}.*.json")
    return found


def test_made_and_failed_parts_are_listed(place: Path) -> None:
    said = json.loads((place / "said.json").read_text())
    states = {(part["kind"], part["of"].partition(":")[0]): part for part in said["parts"]}
    assert states["gradcam", "toy-traits"]["state"] == "made"
    assert states["gradcam", "seen-year"]["state"] == "failed"
    assert "a number has no class" in states["gradcam", "seen-year"]["reason"]
    assert states["gradcam", "zz-" + HOSTILE]["state"] == "failed"
    assert len(said["records"]) == 4
    assert Path(said["index"]).is_file()
    text = (place / "report" / "index.html").read_text()
    assert "What is not here" in text
    assert "a number has no class" in text


def test_every_figure_is_of_its_record(place: Path) -> None:
    found = set()
    for file in (place / "report" / "figures").rglob("*.png"):
        with Image.open(file) as opened:
            assert opened.info["Title"]
            found.update(opened.info["artbench-record"].split())
    known = {json.loads(file.read_text())["record"] for file in (place / "report").rglob("gradcam/index.json")}
    assert known
    assert known <= found


def test_parts_are_kept_and_the_pages_are_the_same(place: Path) -> None:
    before = files(place / "report")
    times = {name: (place / "report" / name).stat().st_mtime_ns for name in before if "gradcam" in name}
    again = report(place, "--json")
    states = [part["state"] for part in json.loads(again.stdout)["parts"]]
    assert set(states) == {"kept", "failed"}
    assert files(place / "report") == before
    assert {name: (place / "report" / name).stat().st_mtime_ns for name in times} == times


@pytest.mark.usefixtures("one")
def test_a_folder_made_anew_has_the_same_bytes_and_one_that_was_changed_is_mended(place: Path) -> None:
    words = one_part(place)
    assert report(place, *words, out="two").exit_code == 0
    assert files(place / "one") == files(place / "two")
    sheet = next((place / "two").rglob("gradcam/contact-sheet.png"))
    sheet.write_bytes(b"something else")
    mended = json.loads(report(place, *words, "--json", out="two").stdout)
    assert [part["state"] for part in mended["parts"]] == ["made"]
    assert files(place / "one") == files(place / "two")
    # Another resolution is another figure. What a killed run left goes with it; what another makes at this time is its.
    left = sheet.parents[1] / ".gradcam.killed.tmp"
    (left / "deep").mkdir(parents=True)
    with Lease(place / "two" / "figures" / ".lease", doing="making a report") as lease:
        lease.acquire()
        assert "another report is being made" in refused(place, *words, out="two").message
    assert left.is_dir()
    states = json.loads(report(place, *words, "--dpi", "60", "--json", out="two").stdout)["parts"]
    assert [part["state"] for part in states] == ["made"]
    assert not left.exists()


def test_parts_can_be_left_out(place: Path) -> None:
    words = ("--without", "gradcam", "--without", "map", "--without", "filters", "--without", "labels")
    made = report(place, *words, out="bare")
    assert made.exit_code == 0
    assert made.stdout == f"{place / 'bare' / 'index.html'}\n"
    text = (place / "bare" / "index.html").read_text()
    assert "Left out on request: Grad-CAM, map, filter pictures, labels to look at." in text
    assert {file.name for file in (place / "bare" / "figures").rglob("*.png")} == {"confusion.png"}
    assert "looks at" not in text
    assert "the scores of each class and the most frequent confusions." in text


def test_a_failed_part_is_listed_once_with_its_reason_and_pages_mention_only_what_was_made(
    place: Path, tmp_path: Path
) -> None:
    (year,) = (place / "results" / "records" / "seen-year").glob("*.json")
    stray = tmp_path / "stray.pt"
    stray.write_bytes(b"of no record")
    words = ("--record", str(year), "--without", "filters", "--pretraining", str(stray), "--title", "Our <depot>")
    made = report(place, *words, out=str(tmp_path / "report"))
    assert made.exit_code == 0, made.output
    assert made.output.count("a number has no class") == 1
    assert "Grad-CAM of seen-year: seen-net, random: left out\n" in made.stdout
    assert "stray.pt" in made.stderr
    assert "belongs to none of the records looked into" in made.stderr
    text = " ".join((tmp_path / "report" / "index.html").read_text().split())
    assert "where it could be made, also a map of the test images." in text
    assert "What encoders look at" not in text
    assert "<h1>Our &lt;depot&gt;</h1>" in text
    assert all(
        "Our &lt;depot&gt;</title>" in page.read_text() for page in (tmp_path / "report" / "tasks").glob("*.html")
    )
    assert "For the results named with <code>--record</code>: the test images laid out by their features." in text


def test_bad_options_are_refused_before_anything_is_made(place: Path, tmp_path: Path) -> None:
    assert isinstance(refused(place, out="results"), UsageError)
    stranger = tmp_path / "stranger.json"
    write_record(stranger, record())
    assert "is not a record of" in refused(place, "--record", str(stranger)).message
    assert "there is no record" in refused(place, "--record", str(tmp_path / "absent.json")).message
    assert refused(place, "--pretraining", str(tmp_path / "absent.pth")).message
    (tmp_path / "file").write_text("in the way")
    assert refused(place, out=str(tmp_path / "file" / "report")).exit_status == 1
    empty = CliRunner().invoke(
        artbench, ["report", "--results", str(tmp_path / "none"), "--out", str(tmp_path / "out")]
    )
    assert isinstance(empty.exception, ArtbenchError)
    assert "no records" in empty.exception.message
    assert not (tmp_path / "out" / "index.html").exists()


@pytest.fixture(scope="module")
def one(place: Path) -> dict[str, Any]:
    """What is said of a report of one record with its Grad-CAM alone, in the folder `one`."""
    made = report(place, *one_part(place), "--json", out="one")
    said: dict[str, Any] = json.loads(made.stdout)
    assert [part["state"] for part in said["parts"]] == ["made"]
    return said


def one_part(place: Path) -> tuple[str, ...]:
    return ("--record", str(a_record(place, "seen-net")), "--without", "map", *WITHOUT)


def test_a_folder_that_no_report_made_is_not_overwritten(place: Path, one: dict[str, Any], tmp_path: Path) -> None:
    shutil.copytree(place / "one", tmp_path / "mine")
    folder = tmp_path / "mine" / one["parts"][0]["folder"]
    (folder / "made-from.json").unlink()
    (part,) = json.loads(report(place, *one_part(place), "--json", out=str(tmp_path / "mine")).stdout)["parts"]
    assert part["state"] == "failed"
    assert "something else is there" in part["reason"]
    assert (folder / "contact-sheet.png").is_file()


def pages(place: Path) -> list[Path]:
    return [place / "report" / "index.html", *sorted((place / "report" / "tasks").glob("*.html"))]


def test_in_a_browser_links_resolve_figures_show_and_names_stay_text(browser: Any, place: Path) -> None:
    for page in pages(place):
        browser.get("about:blank")
        browser.get_log("performance")
        browser.get(page.as_uri())
        # Selenium would raise at an alert that is open.
        assert browser.title
        for address in browser.execute_script("return [...document.querySelectorAll('a')].map((each) => each.href)"):
            parts = urlsplit(address)
            assert parts.scheme == "file"
            target = Path(unquote(parts.path))
            assert target.is_file(), address
            assert target.is_relative_to(place / "report")
            if parts.fragment and target.parent.name != "leaderboards":
                assert f'id="{parts.fragment}"' in target.read_text(), address
        shown = browser.execute_script(
            "document.querySelectorAll('img').forEach((each) => { each.loading = 'eager'; });"
            "return Promise.all([...document.images].map((each) => each.decode().then(() => each.naturalWidth)))"
        )
        assert all(width > 50 for width in shown)
        assert not browser.find_elements("css selector", "img[src=x]")
        events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
        asked = [
            event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"
        ]
        assert asked
        assert all(address.startswith((place / "report").as_uri()) for address in asked)
        assert [entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []
    browser.get(pages(place)[0].as_uri())
    assert HOSTILE in browser.find_element("tag name", "body").text


def test_at_1280_pixels_a_leaderboard_needs_no_sideways_scrolling_and_has_its_question(
    browser: Any, place: Path
) -> None:
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )
    for page in (place / "report" / "tasks").glob("toy-*.html"):
        browser.get(page.as_uri())
        assert "What colour it is." in browser.find_element("tag name", "main").text
        table = browser.find_element("css selector", ".ranks")
        room = browser.execute_script("return [arguments[0].scrollWidth, arguments[0].parentNode.clientWidth]", table)
        assert room[0] <= room[1]
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_phone_shows_the_pages_without_sideways_scrolling(browser: Any, place: Path) -> None:
    with on_a_phone(browser):
        for page in pages(place):
            browser.get(page.as_uri())
            wait_until_it_fits(browser)
