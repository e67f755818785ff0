"""The main job: every encoder on every task, each result on record."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from artbench.candidates import Candidate, candidates
from artbench.errors import ArtbenchError
from artbench.evaluation import evaluate
from artbench.features.extract import extract
from artbench.leaderboard.board import boards
from artbench.leaderboard.build import build_pages
from artbench.leaderboard.markdown import metric_name, percent
from artbench.locations import cache_folder
from artbench.machine import choose_device
from artbench.opening import OpenTask, open_tasks
from artbench.plugins import Registry
from artbench.protocol import LINEAR_V1, Protocol
from artbench.records.folder import ResultsFolder
from artbench.records.ledger import Ledger
from artbench.records.record import Record
from artbench.reporting import Reporter


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to run: the options of `artbench run`."""

    backbones: Sequence[str]
    tasks: Sequence[str]
    pretrainings: Sequence[str] = ("imagenet",)
    results: Path = Path("results")
    data_root: Path | None = None
    data: Mapping[str, Path] = field(default_factory=dict)
    device: str = "auto"
    batch_size: int | None = None
    workers: int | None = None
    seed: int = 0
    fresh: bool = False
    allow_partial: bool = False
    protocol: Protocol = LINEAR_V1


@dataclass(frozen=True, kw_only=True)
class Result:
    """One record, and where it stands.

    Attributes:
        record: The record.
        file: Where it is kept.
        new: Whether this run measured it; otherwise it was on record.
        place: Its rank among the records it can be compared with.
        of: How many those are.
    """

    record: Record
    file: Path
    new: bool
    place: int
    of: int


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a run.

    Attributes:
        results: In the order of encoders, then tasks.
        failures: One line for each encoder that could not be run.
    """

    results: tuple[Result, ...]
    failures: tuple[str, ...]


def run(request: Request, *, registry: Registry, reporter: Reporter) -> Outcome:
    """Run every encoder on every task that is not on record, and bring the leaderboards up to date.

    An encoder that fails is named in the outcome, and the others are run.

    Raises:
        UsageError: A name is unknown, or an option makes no sense; nothing was begun.
        ArtbenchError: The data is not what it should be, or the results can't be written.
    """
    results = ResultsFolder(request.results)
    results.check_writable()
    device = choose_device(request.device)
    encoders = list(candidates(request.backbones, request.pretrainings, registry=registry, seed=request.seed))
    datasets = open_tasks(
        request.tasks,
        registry=registry,
        data_root=request.data_root,
        placed=request.data,
        allow_partial=request.allow_partial,
        reporter=reporter,
    )
    ledger = Ledger(results, reporter)
    failures = []
    for candidate in encoders:
        try:
            _measure(candidate, datasets, request, device=device, ledger=ledger, reporter=reporter)
        except ArtbenchError as error:
            failures.append(f"{candidate}: {error}")
            reporter.notice(failures[-1])
    if ledger.new:
        build_pages(ledger.records, request.results / "leaderboards")
    return Outcome(results=tuple(_standing(encoders, datasets, request, ledger)), failures=tuple(failures))


def _measure(
    candidate: Candidate,
    datasets: Sequence[Sequence[OpenTask]],
    request: Request,
    *,
    device: str,
    ledger: Ledger,
    reporter: Reporter,
) -> None:
    """One encoder on all tasks that lack its record, in one pass over the pictures of each dataset."""
    build = cache(lambda: candidate.build(reporter))
    for tasks in datasets:
        wanted = [
            task for task in tasks if request.fresh or not ledger.find(task.board(request.protocol), candidate.made)
        ]
        if not wanted:
            continue
        encoder = build()
        features = extract(
            encoder,
            wanted[0].dataset,
            np.unique(np.concatenate([task.rows for task in wanted])),
            picture=request.protocol.picture,
            cache=cache_folder() / "features",
            device=device,
            batch_size=request.batch_size,
            workers=request.workers,
            fresh=request.fresh,
            reporter=reporter,
        )
        for task in wanted:
            record, predictions = evaluate(
                task, candidate, encoder, features, protocol=request.protocol, device=device, reporter=reporter
            )
            ledger.enter(record, predictions)
            reporter.notice(
                f"{task.spec.name}, {candidate}: {metric_name(record.primary_metric)} {percent(record.primary)}"
            )


def _standing(
    encoders: Sequence[Candidate], datasets: Sequence[Sequence[OpenTask]], request: Request, ledger: Ledger
) -> Iterator[Result]:
    """The records asked for, and the place of each among those it can be compared with."""
    ranked = {board.first.board: board for board in boards(ledger.records)}
    for candidate in encoders:
        for task in (task for tasks in datasets for task in tasks):
            record = ledger.find(task.board(request.protocol), candidate.made)
            if record is not None:
                board = ranked[record.board]
                yield Result(
                    record=record,
                    file=ledger.folder.file_of(record),
                    new=record.id in ledger.new,
                    place=board.rank_of(record),
                    of=len(board.rows),
                )
