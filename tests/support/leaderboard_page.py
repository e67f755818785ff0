"""A page of the published records, and of hostile ones."""

from pathlib import Path
from typing import Any

from artbench.leaderboard.build import build_pages
from artbench.leaderboard.literature import Literature, literature
from artbench.leaderboard.page.render import html_page
from artbench.plugins.loading import load_plugins
from artbench.records.folder import ResultsFolder
from artbench.records.record import Record
from artbench.runtime.progress import Silent
from artbench.specs import PublishedResult
from tests.support.records import record

PUBLISHED = Path(__file__).resolve().parents[2] / "leaderboards"
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'"

PUBLISHED_RESULT = PublishedResult(work=HOSTILE, metric="accuracy", value="54.5 %", difference=HOSTILE)


def as_first_written(measured: Record) -> Record:
    """Records of artbench 0.1 do not say what published weights have seen."""
    if measured.pretraining != "imagenet":
        return measured
    return measured.model_copy(update={"encoder": measured.encoder.model_copy(update={"seen": None})})


def build(out: Path) -> Path:
    folder = ResultsFolder(PUBLISHED)
    records = [
        *map(as_first_written, folder.records(Silent())),
        record(backbone=HOSTILE, task="zz-" + HOSTILE),
        record(0.4, task="zz-" + HOSTILE),
        # The same task in another state of the data.
        record(0.9, task="wikiart-genre", dataset={"name": "wikiart", "test": 39}),
    ]
    known = literature(load_plugins(only=""))
    known = {**known, "zz-" + HOSTILE: Literature(description=HOSTILE, results=[PUBLISHED_RESULT])}
    build_pages(
        records,
        out,
        predictions=folder.predictions_of,
        literature=known,
        page=lambda found: html_page(found, file_of=folder.file_of, out=out, literature=known),
    )
    return out / "index.html"


def choose(browser: Any, selector: str, value: str) -> None:
    script = """
        const section = [...document.querySelectorAll("section.board")].find((each) => !each.hidden);
        const element = section.querySelector(arguments[0]) || document.querySelector(arguments[0]);
        element.value = arguments[1];
        element.dispatchEvent(new Event(element.tagName === "INPUT" ? "input" : "change"));
    """
    browser.execute_script(script, selector, value)
