"""The report of an audit: Markdown, an HTML page with the pairs side by side, and the list for `--exclude`."""

import base64
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from PIL import Image

from artbench.audit.leakage import AuditResult, Place
from artbench.audit.near_duplicates import ALIKE, TWINS, Pair
from artbench.data.decode import UnreadableImage, decode_whole
from artbench.data.exclusion import write_exclusions
from artbench.errors import ArtbenchError
from artbench.runtime.files import write_text

# Pairs on a page; more than anybody looks through, and some 5 MB of pictures.
_SHOWN = 200
_SIDE = 176

_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
table { border-collapse: collapse; } th, td { padding: .25rem .9rem .25rem 0; text-align: right; }
th:first-child, td:first-child { text-align: left; } thead th { border-bottom: 1px solid #8888; }
.pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(24rem, 1fr)); gap: 1.2rem; }
figure { border: 1px solid #8886; border-radius: 6px; margin: 0; padding: .8rem; }
figure.leak { border: 2px solid #c33; }
.both { display: flex; gap: .6rem; align-items: flex-start; } .both > div { flex: 1; min-width: 0; }
img { display: block; height: 11rem; max-width: 100%; object-fit: contain; }
figcaption { font-size: .85rem; } .name { font-size: .78rem; overflow-wrap: anywhere; } .role { color: #888; }
b.leak { color: #c33; }
"""


def write_report(findings: AuditResult, folder: Path) -> list[Path]:
    """Write `report.md`, `report.html` and `exclude.csv` into a folder, and say where they are.

    Raises:
        ArtbenchError: The folder can't be written.
    """
    try:
        write_text(folder / "report.md", "".join(f"{line}\n" for line in _markdown(findings)))
        write_text(folder / "report.html", "\n".join(_html(findings)) + "\n")
        write_exclusions(folder / "exclude.csv", findings.exclusions())
    except OSError as error:
        raise ArtbenchError(
            f"the report can't be written into {folder} ({error.strerror})", mend="Name another folder with --out"
        ) from error
    return [folder / "report.md", folder / "report.html", folder / "exclude.csv"]


def _markdown(findings: AuditResult) -> Iterator[str]:
    names = [dataset.name for dataset in findings.datasets]
    yield f"# Audit of {_code(', '.join(names))}"
    yield ""
    yield _plain(_how(findings))
    yield ""
    yield from _table(["what", *_LEAK_HEADINGS], _leak_rows(findings))
    yield ""
    yield from _table(["pairs", *_PAIR_HEADINGS], _pair_rows(findings))
    for title, pairs in _parts(findings):
        yield ""
        yield f"## {title}"
        yield ""
        if not pairs:
            yield "None."
        for pair in pairs[:_SHOWN]:
            leak = "**leak** " if _leaks(findings, pair) else ""
            yield f"- {leak}{_measure(pair)}"
            for place in (pair.first, pair.second):
                yield f"    - {_code(_name(findings, place))}: {_plain(findings.roles(place) or 'in no task')}"
        if len(pairs) > _SHOWN:
            yield f"- and {len(pairs) - _SHOWN:,} more"


def _html(findings: AuditResult) -> Iterator[str]:
    names = escape(", ".join(dataset.name for dataset in findings.datasets))
    yield f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Audit of {names}</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<style>{_STYLE}</style></head><body><h1>Audit of {names}</h1><p>{escape(_how(findings))}</p>"
    yield _html_table(["what", *_LEAK_HEADINGS], _leak_rows(findings))
    yield "<h2>Pairs</h2>"
    yield _html_table(["pairs", *_PAIR_HEADINGS], _pair_rows(findings))
    for title, pairs in _parts(findings):
        yield f"<h2>{escape(title)}</h2>"
        yield "<p>None.</p>" if not pairs else '<div class="pairs">'
        for pair in pairs[:_SHOWN]:
            yield _figure(findings, pair)
        if pairs:
            yield "</div>"
        if len(pairs) > _SHOWN:
            yield f"<p>And {len(pairs) - _SHOWN:,} more.</p>"
    yield "</body></html>"


_LEAK_HEADINGS = ("test pictures", "pretrained on", "with a twin in training", "share")
_PAIR_HEADINGS = ("same bytes", "like hash", "near features", "leaking", "to be judged by eye")


def _how(findings: AuditResult) -> str:
    means = ["equal bytes", "like perceptual hashes"]
    if findings.encoder is not None:
        means.append(f"near features of {findings.encoder}")
    counts = ", ".join(f"{len(dataset):,} of {dataset.name}" for dataset in findings.datasets)
    return (
        f"Pictures: {counts}. Looked for: {', '.join(means)}. Pairs count as twins if they lie on each other with a "
        f"correlation of {TWINS} or more, after a crop of up to 8 % an edge; from {ALIKE} on they are shown, but not "
        "counted. A pair leaks where one half trains and the other tests."
    )


def _leak_rows(findings: AuditResult) -> Iterator[list[str]]:
    for leak in findings.leaks:
        share = f"{(leak.same + leak.twins) / leak.tested:.2%}" if leak.tested else ""
        yield [leak.task, f"{leak.tested:,}", f"{leak.same:,}", f"{leak.twins:,}", share]


def _pair_rows(findings: AuditResult) -> Iterator[list[str]]:
    kinds: Counter[tuple[tuple[int, int], str]] = Counter()
    for pair in findings.pairs:
        where = pair.first[0], pair.second[0]
        kinds[where, pair.tier if pair.twins else "eye"] += 1
        kinds[where, "leak"] += _leaks(findings, pair)
    for one, other in sorted({where for where, _ in kinds}):
        names = findings.datasets[one].name, findings.datasets[other].name
        title = f"within {names[0]}" if one == other else f"{names[0]} and {names[1]}"
        yield [title, *(f"{kinds[(one, other), kind]:,}" for kind in ("bytes", "hash", "features", "leak", "eye"))]


def _parts(findings: AuditResult) -> Iterator[tuple[str, Sequence[Pair]]]:
    """The pairs under their headings, those that leak first, then the likest."""
    ranked = sorted(findings.pairs, key=lambda pair: (not _leaks(findings, pair), -pair.correlation))
    yield "Twins", [pair for pair in ranked if pair.twins]
    yield "To be judged by eye", [pair for pair in ranked if not pair.twins]


def _leaks(findings: AuditResult, pair: Pair) -> bool:
    return frozenset((pair.first, pair.second)) in findings.leaking


def _measure(pair: Pair) -> str:
    if pair.tier == "bytes":
        return "same bytes"
    parts = [f"correlation {pair.correlation:.3f}"]
    if pair.bits is not None:
        parts.append(f"hashes differ in {pair.bits} of 64 bits")
    if pair.cosine is not None:
        parts.append(f"cosine of features {pair.cosine:.2f}")
    return ", ".join(parts)


def _name(findings: AuditResult, place: Place) -> str:
    dataset = findings.datasets[place[0]]
    return f"{dataset.name}: {dataset.ids[place[1]]}"


def _figure(findings: AuditResult, pair: Pair) -> str:
    leaks = _leaks(findings, pair)
    halves = "".join(
        f'<div>{_picture(findings, place)}<div class="name">{escape(_name(findings, place))}</div>'
        f'<div class="name role">{escape(findings.roles(place) or "in no task")}</div></div>'
        for place in (pair.first, pair.second)
    )
    caption = f"{'<b class=leak>leak</b> ' if leaks else ''}{escape(_measure(pair))}"
    kind = ' class="leak"' if leaks else ""
    return f'<figure{kind}><div class="both">{halves}</div><figcaption>{caption}</figcaption></figure>'


def _picture(findings: AuditResult, place: Place) -> str:
    """A thumbnail inside the page, so that the report can be passed on."""
    try:
        pixels = decode_whole(findings.datasets[place[0]].read(place[1]), short_side=_SIDE, longest=2.5)
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
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _plain(text: str) -> str:
    """Text in a cell of a Markdown table that means itself."""
    return "".join(f"\\{c}" if c in r"\`*_[]<>|#" else c for c in text if c.isprintable())


def _code(text: str) -> str:
    """Text between backticks, whatever is in it."""
    shown = text if text.isprintable() else ascii(text)
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {shown} {fence}" if longest else f"`{shown}`"
