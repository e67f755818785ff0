"""The paragraph on methods that a paper needs for its table, with the works to cite."""

from collections.abc import Collection, Mapping, Sequence
from importlib import metadata

from artbench.errors import ArtbenchError
from artbench.leaderboard.board import Board
from artbench.leaderboard.export.citations import Citations
from artbench.leaderboard.export.encoders import Encoders, listed
from artbench.leaderboard.export.procedure import procedure
from artbench.leaderboard.notes import is_compared, is_searched
from artbench.leaderboard.seen import kept
from artbench.plugins.known import known_protocols
from artbench.protocol import Protocol
from artbench.records.format import metric_name
from artbench.records.record import encoder_name, task_name
from artbench.records.under import protocol_under

_SOFTWARE = f"The artbench developers, artbench {metadata.version('artbench')}"


def methods(boards: Sequence[Board], *, sources: Mapping[str, str], seen: Collection[str] = ()) -> str:
    """Return Markdown: paragraphs on the protocols of the boards, a table of many encoders, and the works cited.

    A protocol that differs little from an earlier one has a paragraph on the differences.

    Args:
        boards: The leaderboards that the paper shows, at least one.
        sources: Publication of each dataset, by name; those that are missing are not cited.
        seen: If the records were chosen by what their encoders have seen, these states.

    Raises:
        ArtbenchError: A record was made under a protocol that this version does not know.
    """
    cite = Citations()
    by_protocol: dict[Protocol, list[Board]] = {}
    for board in boards:
        by_protocol.setdefault(_protocol(board), []).append(board)
    alike: dict[object, list[Protocol]] = {}
    for protocol in by_protocol:
        kind = protocol.search is None, protocol.own is None
        alike.setdefault((protocol.picture, protocol.features, *kind), []).append(protocol)
    parts = []
    for protocols in alike.values():
        # The simplest first, so that all that a later one lacks is less, and is said.
        first, *others = sorted(protocols, key=lambda one: (one.few_shot is not None, one.width is not None))
        records = [row.record for one in protocols for board in by_protocol[one] for row in board.rows]
        encoders = Encoders(records)
        versions = sorted({record.provenance.artbench for record in records})
        what = _evaluated(by_protocol[first], cite, sources)
        only = [f"{kept(seen)}."] if seen else []
        opening = f"We {what} with artbench {listed(versions)} {cite(_SOFTWARE)}, protocol {_named(first)}."
        said = procedure(by_protocol[first], first, cite)
        parts.append(" ".join([opening, *only, encoders.images(first.picture), encoders.features(), *said]) + "\n")
        for other in others:
            what = _evaluated(by_protocol[other], cite, sources)
            differing = [one for one in procedure(by_protocol[other], other, cite) if one not in said]
            opening = f"Under {_named(other)} we {what}. All was done as above, with these differences."
            parts.append(" ".join([opening, *differing]) + "\n")
        parts += [encoders.table.removesuffix("\n")] if encoders.table else []
    return "\n".join([*parts, *(f"{n}. {work}." for n, work in enumerate(cite.works, 1)), ""])


def _protocol(board: Board) -> Protocol:
    first = board.first
    # Those of plugins are known once these are loaded.
    protocol = protocol_under(first) if known_protocols() else None
    if protocol is None or protocol.hash != first.protocol_hash:
        raise ArtbenchError(
            f"this version of artbench has no protocol {first.protocol} ({first.protocol_hash[:12]}) to describe",
            mend="Upgrade artbench, or leave these records out with --task",
        )
    return protocol


def _named(protocol: Protocol) -> str:
    return f"{protocol.name} (SHA-256 {protocol.hash[:12]})"


def _evaluated(boards: Sequence[Board], cite: Citations, sources: Mapping[str, str]) -> str:
    encoders = {encoder_name(row.record) for board in boards for row in board.rows}
    tasks = []
    for board in boards:
        data, metric = board.first.dataset, metric_name(board.first.primary_metric)
        work = sources.get(data.name)
        if work and work.partition(",")[0].strip() == "artbench":
            work = _SOFTWARE
        images = f"{data.train:,} training and {data.test:,} test images"
        if board.first.prompts is not None:
            images = f"{data.test:,} test images"
        elif is_compared(board.first):
            images = f"{data.test:,} images"
        elif is_searched(board.first):
            images = f"{data.test:,} queries, {data.train:,} images in the index"
        tasks.append(
            f"{task_name(board.first)} (version {board.first.task_version}; {images}, "
            f"{metric}{'; ' + cite(work) if work else ''})"
        )
    return f"evaluated {len(encoders)} frozen {'encoder' if len(encoders) == 1 else 'encoders'} on {listed(tasks)}"
