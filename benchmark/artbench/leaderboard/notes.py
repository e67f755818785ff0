"""Sentences about a leaderboard in plain text: what was measured, and why to read a row with care."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from artbench.leaderboard.board import Board
from artbench.protocol import protocol_named
from artbench.records.cautions import edge_of_grid, few_classes
from artbench.records.encoder_state import StretchState
from artbench.records.record import Record, dataset_name, encoder_name
from artbench.specs import Published

# Share of the published test images from which on a copy counts as the whole task.
_WHOLE = 0.99
# Their leaderboards were published without a mark for the edge of the grid, and are to stay as they are.
_UNMARKED = re.compile(r"(linear|ridge)-v1\b")


def measured_on(board: Board) -> str:
    """Describe protocol, data, version of the task, and what values are means over."""
    first, data = board.first, board.first.dataset
    lost = f", {data.missing:,} missing" if data.missing else ""
    lost += f", {data.unreadable:,} unreadable" if data.unreadable else ""
    classes = f", {data.classes:,} classes" if data.classes else ""
    images = f"{data.train:,} training and {data.test:,} test images{classes}"
    if first.prompts is not None:
        images = f"{data.test:,} test images{classes}; none of {data.train:,} training images was used"
    elif is_compared(first):
        images = f"{data.test:,} images, whose neighbours among the others are counted{classes}"
    elif is_searched(first):
        images = f"{data.test:,} queries to an index of {data.train:,} images{classes}"
    return (
        f"Protocol {first.protocol} ({first.protocol_hash[:12]}). Data: {dataset_name(data)}, state "
        f"{data.fingerprint[:12]}: {images}{lost}. "
        f"Task version {first.task_version}.{_texts(first)}{_rounds(first)}"
    )


def _texts(record: Record) -> str:
    """Say what the classes were in words."""
    if record.prompts is None:
        return ""
    first, *others = record.prompts.templates
    more = f" and {len(others)} more templates" if others else ""
    return f" Classes in words: “{first}”{more} (prompts {record.prompts.sha256[:12]})."


def is_searched(record: Record) -> bool:
    """Whether pictures were compared with each other, and no probe fitted."""
    protocol = protocol_named(record.protocol)
    return protocol is not None and protocol.search is not None


def is_compared(record: Record) -> bool:
    """Whether neighbours were counted, of pictures that are compared with each other."""
    protocol = protocol_named(record.protocol)
    return protocol is not None and protocol.search is not None and protocol.search.asks == "neighbours"


def part_of_task(record: Record, size: Published | None) -> str:
    """Say that a record covers a part of its task; empty if it covers all, or if the size is unknown."""
    if size is None or not size.test or record.few_shot is not None or record.rounds:
        return ""
    if record.dataset.test >= _WHOLE * size.test:
        return ""
    whole = f"{(size.train or 0) + (size.validation or 0):,} training and " if size.train else ""
    return f"This is a part of the task, which as published has {whole}{size.test:,} test images."


def why_apart(boards: Sequence[Board]) -> str:
    """Say what differs between the tables of one task."""
    versions = {f"{board.first.task_version}" for board in boards}
    protocols = {f"{board.first.protocol} ({board.first.protocol_hash[:12]})" for board in boards}
    data = [board.first.dataset for board in boards]
    listings = {one.listing for one in data}
    # Older records, of which only the sizes of the images are known, and newer ones may be of the same state.
    sizes_alone = {one.fingerprint for one in data} & listings
    states = {one.fingerprint for one in data} - sizes_alone
    said = []
    if len(versions) > 1:
        said.append(f"the task changed between its versions {' and '.join(sorted(versions))}")
    if len(protocols) > 1:
        said.append(f"they were measured under {' and '.join(sorted(protocols))}")
    if len(states) > 1:
        sizes = sorted({f"{board.first.dataset.test:,}" for board in boards})
        tested = f"{' and '.join(sizes)} test images" if len(sizes) > 1 else "other images, labels or splits"
        said.append(f"the data were in {len(states)} states ({tested})")
    if sizes_alone:
        said.append("older records state the sizes of their images, newer ones the contents")
    return "; ".join(said)


def table_names(boards: Sequence[Board]) -> list[str]:
    """Return what to call each table of one task: by what differs, the protocol first; empty for a single table."""
    protocols = {(board.first.protocol, board.first.protocol_hash) for board in boards}
    # The digest of a protocol tells something only where protocols of one name differ.
    digests = len({name for name, _ in protocols}) < len(protocols)
    parts = [
        (
            board.first.protocol + (f" ({board.first.protocol_hash[:12]})" if digests else ""),
            f"data state {board.first.dataset.fingerprint[:12]}",
            f"task version {board.first.task_version}",
        )
        for board in boards
    ]
    differ = [len(set(column)) > 1 for column in zip(*parts, strict=True)]
    return [", ".join(text for text, differs in zip(part, differ, strict=True) if differs) for part in parts]


def pretrainings(board: Board) -> list[str]:
    """Describe the pretraining of each encoder from a checkpoint of artbench, in the order of the rows."""
    return [f"{encoder_name(row.record)}: {said}." for row in board.rows if (said := _pretraining(row.record))]


def _pretraining(record: Record) -> str:
    training, pool = record.encoder.training, record.encoder.pool
    if training is None:
        return ""
    said = f"{training.method}, {training.steps:,} steps, {training.images_seen:,} images seen"
    if pool is not None:
        names = " and ".join(sorted(pool.datasets))
        said += f", of {pool.images:,} in the pool ({names})"
        if pool.test_images == 0:
            said += ", none of which is a test image"
    return f"{said}; seed {training.seed}{''.join(map(_change, training.stretches, training.stretches[1:]))}"


def _change(before: StretchState, after: StretchState) -> str:
    """Say what a training was resumed with that it had not begun with."""
    names = ("device", "dtype", "torch", "artbench", "plugins")
    changed = ", ".join(name for name in names if getattr(before, name) != getattr(after, name))
    return f"; from step {after.from_step:,} on with another {changed}"


def repeated(record: Record) -> str:
    """Say what the rounds of a record are."""
    seeds = {probe.seed for probe in record.own_probes}
    if len(seeds) == len(record.rounds):
        return "seeds"
    return "draws" if record.few_shot is not None else "splits with seeds" if len(seeds) > 1 else "splits"


def _rounds(record: Record) -> str:
    """Say what values are means over, and what was resampled."""
    said = ""
    if record.few_shot is not None:
        few = record.few_shot
        scarce = f"; {few.scarce:,} classes have fewer and give all they have" if few.scarce else ""
        if few.absent is not None:
            scarce = f"; {said_of_classes}" if (said_of_classes := few_classes(record)) else ""
        said += f" {few.shots:,} images of each class{scarce}."
    if record.rounds:
        said += f" Means over {len(record.rounds)} {repeated(record)}, whose differences are in the intervals."
    if record.clusters is not None:
        protocol = protocol_named(record.protocol)
        resampled = protocol is None or protocol.intervals is None
        verb, how = ("resample", "with all their images") if resampled else ("take", "as units, not single images")
        units = "groups" if is_searched(record) else "painters"
        said += f" Intervals {verb} {record.clusters:,} {units} {how}."
    probe = record.probe
    if probe is not None and probe.groups is not None:
        said += f" The penalty was chosen on {probe.groups:,} painters, each held out with all their images."
    if probe is not None and probe.unfitted and record.few_shot is None:
        said += f" {probe.unfitted:,} classes have images only among those that were held out to choose it."
    return said


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A reason to read a row with care.

    Attributes:
        sign: Sign beside the row.
        text: Text of the footnote, without a full stop.
    """

    sign: str
    text: str


def marks(record: Record) -> list[Mark]:
    """Return the marks of a record, most serious first."""
    data, found = record.dataset, _pool_marks(record) or _seen_marks(record)
    if data.twins is not None and data.twins.test:
        twins = f"{data.twins.test:,} test images have a near-duplicate among the training images"
        found.append(Mark(sign="§", text=f"{twins}, as `artbench data audit` found"))
    if data.partial:
        found.append(
            Mark(sign="¶", text=f"measured on a partial copy of the data: {data.missing:,} images were missing")
        )
    unconverged = sum(not probe.converged for probe in record.probes)
    if unconverged:
        which = "its probe" if len(record.probes) == 1 else f"{unconverged} of its {len(record.probes)} probes"
        found.append(Mark(sign="‖", text=f"{which} did not meet the convergence test of the protocol"))
    if not _UNMARKED.match(record.protocol) and (edge := edge_of_grid(record)):
        found.append(Mark(sign="◊", text=edge))
    return found


def _pool_marks(record: Record) -> list[Mark]:
    """Mark an encoder that was pretrained on test images, or may have been."""
    pool = record.encoder.pool
    if pool is not None and pool.test_images:
        seen = f"{pool.test_images:,} of the {record.dataset.test:,} test images"
        text = f"pretrained on {seen}: the value does not show how it does on images that it has not seen"
        return [_doubled(Mark(sign="†", text=text), record)]
    if (pool is None and record.encoder.training is None) or (pool is not None and pool.test_images is not None):
        return []
    text = "the list of the images that it was pretrained on was not available, so test images may be among them"
    return [_doubled(Mark(sign="‡", text=text), record)]


def _seen_marks(record: Record) -> list[Mark]:
    """Mark an encoder whose source says, or does not say, that it has seen test images."""
    seen = record.encoder.seen
    if seen is None or seen.state == "clean":
        return []
    if seen.state == "contaminated":
        text = (
            f"trained on {seen.corpus}, test images among them ({seen.evidence}): the value does not show how it does"
        )
        return [_doubled(Mark(sign="†", text=f"{text} on images that it has not seen"), record)]
    why = "" if seen.corpus == "not stated" else f", for it was trained on {seen.corpus}"
    return [_doubled(Mark(sign="?", text=f"may have seen test images{why}: {seen.evidence}"), record)]


def _doubled(mark: Mark, record: Record) -> Mark:
    """A mark of what an encoder has seen, twice where texts are compared: it may have read the answers too."""
    if record.prompts is None:
        return mark
    text = f"{mark.text}. It counts twice here: a caption may have told the answer"
    return Mark(sign=2 * mark.sign, text=text)


def footnotes(board: Board) -> list[tuple[Mark, list[Record]]]:
    """Return each mark on a leaderboard with its records, in the order of the rows."""
    found: dict[Mark, list[Record]] = {}
    for row in board.rows:
        for mark in marks(row.record):
            found.setdefault(mark, []).append(row.record)
    return sorted(found.items(), key=lambda item: ("†‡?§¶‖◊".index(item[0].sign[0]), item[0].text))
