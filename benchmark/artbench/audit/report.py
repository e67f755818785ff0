"""The report of an audit: Markdown, an HTML page that shows the pairs, and the list for `--exclude`."""

import base64
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from PIL import Image

from artbench.audit.leakage import AuditResult
from artbench.audit.near_duplicates import ALIKE, TWINS, Pair, Place
from artbench.data.decode import UnreadableImage, decode_whole
from artbench.data.exclusion import write_exclusions
from artbench.runtime.files import file_errors, write_text
from artbench.runtime.text import escape as escape_markdown
from artbench.runtime.text import printable

# Pairs on a page: some 5 MB of thumbnails.
_SHOWN = 200
_SIDE = 176

_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { padding: .25rem .9rem .25rem 0; text-align: right; }
th:first-child, td:first-child { text-align: left; min-width: 8rem; }
h1 { overflow-wrap: break-word; } thead th { border-bottom: 1px solid #8888; }
.pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr)); gap: 1.2rem; }
figure { border: 1px solid #8886; border-radius: 6px; margin: 0; padding: .8rem; }
figure.leak { border: 2px solid #c33; }
.both { display: flex; gap: .6rem; align-items: flex-start; } .both > div { flex: 1; min-width: 0; }
img { display: block; height: 11rem; max-width: 100%; object-fit: contain; }
figcaption { font-size: .85rem; } .name { font-size: .78rem; overflow-wrap: break-word; } .role { opacity: .75; }
b.leak { color: light-dark(#b32424, #ff7b7b); }
"""


def write_report(result: AuditResult, folder: Path) -> list[Path]:
    """Write `report.md`, `report.html` and `exclude.csv` into a folder, and return their paths.

    Raises:
        ArtbenchError: The folder can't be written.
    """
    with file_errors(f"the report can't be written into {folder}", mend="Name another folder with --out"):
        write_text(folder / "report.md", "".join(f"{line}\n" for line in _markdown(result)))
        write_text(folder / "report.html", "\n".join(_html(result)) + "\n")
        write_exclusions(folder / "exclude.csv", result.exclusions())
    return [folder / "report.md", folder / "report.html", folder / "exclude.csv"]


def _markdown(result: AuditResult) -> Iterator[str]:
    yield f"# Audit of {_plain(', '.join(dataset.name for dataset in result.datasets))}\n"
    yield f"{_plain(_how(result))}\n"
    # There are none without a task.
    if result.leaks:
        yield from _table(["what", *_LEAK_HEADINGS], _leak_rows(result))
        yield ""
    yield from _table(["pairs", *_PAIR_HEADINGS], _pair_rows(result))
    for title, pairs in _parts(result):
        yield f"\n## {title}\n"
        if not pairs:
            yield "None."
        for pair in pairs[:_SHOWN]:
            leak = "**leak** " if _leaks(result, pair) else ""
            yield f"- {leak}{_measure(pair)}"
            for place in (pair.first, pair.second):
                said = f" ({_plain(caption)})" if (caption := _caption(result, place)) else ""
                yield f"    - {_plain(_name(result, place))}{said}: {_plain(result.roles(place) or 'in no task')}"
        if len(pairs) > _SHOWN:
            yield f"- and {len(pairs) - _SHOWN:,} more"


def _html(result: AuditResult) -> Iterator[str]:
    names = escape(", ".join(dataset.name for dataset in result.datasets))
    yield f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Audit of {names}</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<style>{_STYLE}</style></head><body><h1>Audit of {names}</h1><p>{escape(_how(result))}</p>"
    if result.leaks:
        yield _html_table(["what", *_LEAK_HEADINGS], _leak_rows(result))
    yield "<h2>Pairs</h2>"
    yield _html_table(["pairs", *_PAIR_HEADINGS], _pair_rows(result))
    for title, pairs in _parts(result):
        yield f"<h2>{escape(title)}</h2>"
        yield "<p>None.</p>" if not pairs else '<div class="pairs">'
        for pair in pairs[:_SHOWN]:
            yield _figure(result, pair)
        if pairs:
            yield "</div>"
        if len(pairs) > _SHOWN:
            yield f"<p>And {len(pairs) - _SHOWN:,} more.</p>"
    yield "</body></html>"


_LEAK_HEADINGS = ("test images", "pretrained on", "with a twin in training", "share")
_PAIR_HEADINGS = ("same bytes", "similar hash", "similar features", "leaking", "to check by eye")


def _how(result: AuditResult) -> str:
    means = ["equal bytes", "similar perceptual hashes"]
    if result.encoder is not None:
        means.append(f"similar features of {result.encoder}")
    counts = ", ".join(f"{len(dataset):,} of {dataset.name}" for dataset in result.datasets)
    return (
        f"Images: {counts}. Searched for: {', '.join(means)}. A pair counts as twins if its thumbnails, without "
        f"uniform margins and after a crop of up to 8 % at each edge, correlate by {TWINS} or more; pairs from {ALIKE} "
        "on are shown, but not counted. "
        "A pair leaks if one image trains and the other tests."
    )


def _leak_rows(result: AuditResult) -> Iterator[list[str]]:
    for leak in result.leaks:
        share = f"{(leak.same + leak.twins) / leak.tested:.2%}" if leak.tested else ""
        yield [leak.task, f"{leak.tested:,}", f"{leak.same:,}", f"{leak.twins:,}", share]


def _pair_rows(result: AuditResult) -> Iterator[list[str]]:
    kinds: Counter[tuple[tuple[int, int], str]] = Counter()
    for pair in result.pairs:
        where = pair.first[0], pair.second[0]
        kinds[where, pair.tier if pair.twins else "eye"] += 1
        kinds[where, "leak"] += _leaks(result, pair)
    for one, other in sorted({where for where, _ in kinds}):
        names = result.datasets[one].name, result.datasets[other].name
        title = f"within {names[0]}" if one == other else f"{names[0]} and {names[1]}"
        yield [title, *(f"{kinds[(one, other), kind]:,}" for kind in ("bytes", "hash", "features", "leak", "eye"))]


def _parts(result: AuditResult) -> Iterator[tuple[str, Sequence[Pair]]]:
    """Yield the pairs under their headings, leaking ones first, then by correlation."""
    ranked = sorted(result.pairs, key=lambda pair: (not _leaks(result, pair), -pair.correlation))
    yield "Twins", [pair for pair in ranked if pair.twins]
    yield "To check by eye", [pair for pair in ranked if not pair.twins]


def _leaks(result: AuditResult, pair: Pair) -> bool:
    return frozenset((pair.first, pair.second)) in result.leaking


def _measure(pair: Pair) -> str:
    if pair.tier == "bytes":
        return "same bytes"
    parts = [f"correlation {pair.correlation:.3f}"]
    if pair.bits is not None:
        parts.append(f"hashes differ in {pair.bits} of 64 bits")
    if pair.cosine is not None:
        parts.append(f"cosine of features {pair.cosine:.2f}")
    return ", ".join(parts)


def _name(result: AuditResult, place: Place) -> str:
    dataset = result.datasets[place[0]]
    return f"{dataset.name}: {dataset.ids[place[1]]}"


def _breakable(name: str) -> str:
    """Escape a name for HTML, which may break after its signs and so within no word."""
    return re.sub(r"([:/_])", r"\1<wbr>", escape(name))


def _caption(result: AuditResult, place: Place) -> str:
    captions = result.datasets[place[0]].captions
    return "" if captions is None else captions[place[1]]


def _figure(result: AuditResult, pair: Pair) -> str:
    halves = "".join(
        f'<div>{_thumbnail(result, place)}<div class="name">{_breakable(_name(result, place))}</div>'
        f'<div class="name">{escape(_caption(result, place))}</div>'
        f'<div class="name role">{_breakable(result.roles(place) or "in no task")}</div></div>'
        for place in (pair.first, pair.second)
    )
    kind, mark = (' class="leak"', "<b class=leak>leak</b> ") if _leaks(result, pair) else ("", "")
    caption = f"<figcaption>{mark}{escape(_measure(pair))}</figcaption>"
    return f'<figure{kind}><div class="both">{halves}</div>{caption}</figure>'


def _thumbnail(result: AuditResult, place: Place) -> str:
    """Return a thumbnail as part of the page, so that the report is one file."""
    try:
        pixels = decode_whole(result.datasets[place[0]].read(place[1]), short_side=_SIDE, longest=2.5)
    except (OSError, UnreadableImage):
        return "<p>(can't be read)</p>"
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=80)
    return f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}">'


def _table(headings: Sequence[str], rows: Iterator[list[str]]) -> Iterator[str]:
    yield "| " + " | ".join(headings) + " |"
    yield "|---" + "|---:" * (len(headings) - 1) + "|"
    for row in rows:
        yield "| " + " | ".join([_plain(row[0]), *row[1:]]) + " |"


def _html_table(headings: Sequence[str], rows: Iterator[list[str]]) -> str:
    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    body = "".join("<tr>" + "".join(f"<td>{_breakable(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _plain(text: str) -> str:
    """Escape text for Markdown."""
    return escape_markdown(printable(text, escapes=True))
