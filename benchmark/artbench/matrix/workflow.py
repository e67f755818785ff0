"""The steps of `artbench matrix`: plan, run, status, retry, cancel, collect."""

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeAlias

from artbench.api.common import loaded
from artbench.errors import ArtbenchError, UsageError
from artbench.leaderboard.build import build_from
from artbench.leaderboard.literature import literature
from artbench.matrix.engines.engine import engine
from artbench.matrix.following import following
from artbench.matrix.jobs import jobs_of
from artbench.matrix.looks import Looks
from artbench.matrix.options import MatrixOptions
from artbench.matrix.plan import Plan, make_plan, read_plan
from artbench.matrix.state import TRIES, MatrixState
from artbench.matrix.status import MatrixStatus, status_of, words_of
from artbench.matrix.submission import Submission, new_submission, read_submission, stages_of, submissions
from artbench.matrix.units import Unit
from artbench.plugins.registry import Registry
from artbench.records.folder import ResultsFolder
from artbench.runtime.progress import Reporter
from artbench.runtime.text import counted

# Shows, while its block runs, what its argument tells.
Show: TypeAlias = Callable[[Callable[[], MatrixStatus]], AbstractContextManager[object]]


def folder_of(results: Path) -> Path:
    """The folder of the matrix in a results folder."""
    return results.absolute() / "matrix"


def plan(options: MatrixOptions, *, registry: Registry, reporter: Reporter) -> MatrixStatus:
    """Cut a matrix into units and look what became of them; nothing is written.

    Raises:
        ArtbenchError: As `make_plan` does.
    """
    made = make_plan(options, registry=registry, reporter=reporter)
    return status_of(made, MatrixState(folder_of(options.folder)), [])


def run(
    options: MatrixOptions,
    *,
    on: str,
    registry: Registry,
    reporter: Reporter,
    dry_run: bool = False,
    in_vain: int = 0,
    show: Show = nullcontext,
) -> tuple[Submission | None, str]:
    """Hand the units that are to do to an engine.

    Args:
        options: What to measure.
        on: Name of the engine: `local`, `slurm` or `ray`.
        registry: The loaded plugins.
        reporter: Receives notices, one for each unit that ends before this returns among them.
        dry_run: Submit nothing.
        in_vain: Number of submissions right before it of which nothing came.
        show: Shows how it stands, while an engine runs that waits.

    Returns:
        The submission, None if there is nothing to do or nothing was submitted; and with `dry_run` what would have
        been handed over.

    Raises:
        ArtbenchError: A name or the data is not as it should be, or the engine is not there or refuses.
    """
    chosen = engine(on)
    chosen.check(options)
    results = ResultsFolder(options.folder)
    if not dry_run:
        results.check_writable()
    made = make_plan(options, registry=registry, reporter=reporter)
    folder = folder_of(options.folder)
    state = MatrixState(folder)
    _tell_changes(folder, made, state, reporter)
    found = state.states(made.to_do)
    queued = words_of(submissions(folder))
    open_units = [unit for unit in made.to_do if found[unit.id].status in ("to do", "running")]
    units = [unit for unit in open_units if unit.id not in queued]
    if waiting := len(open_units) - len(units):
        reporter.notice(f"Left out, since the engine has a job for each already: {counted(waiting, 'unit')}")
    jobs = jobs_of(units, made.estimates, at_least=60 * options.resources.at_least)
    if dry_run:
        digest = made.digest
        ids = [[unit.id for unit in job.units] for job in jobs]
        shown = Submission(folder=folder, number=1, plan=digest, engine=on, jobs=ids, stages=stages_of(jobs))
        return None, chosen.script(shown, options)
    made.write(folder)
    if not units:
        return None, ""
    if on != "local":
        _fetch(units, registry, reporter)
    tries = sum(found[unit.id].tries for unit in units)
    submission = new_submission(folder, plan=made.digest, engine=on, jobs=jobs, tries=tries, in_vain=in_vain)
    try:
        with ExitStack() as watched:
            if chosen.waits:
                watched.enter_context(following(units, state, reporter))
                watched.enter_context(show(Looks(folder)))
            handles = chosen.submit(submission, options, reporter)
    except ArtbenchError:
        # What was refused before anything was begun is no submission, and its engine not the one of `retry`.
        if not submission.logs.exists():
            submission.file.unlink(missing_ok=True)
        raise
    submission = replace(submission, handles=handles)
    submission.write()
    return submission, ""


def status(results: Path) -> MatrixStatus:
    """Return what became of the matrix in a results folder.

    Raises:
        ArtbenchError: There is none.
    """
    return Looks(folder_of(results))()


def plugins_of(results: Path, reporter: Reporter) -> Registry:
    """Load the plugins of the matrix in a results folder; collections are found where its options say.

    Raises:
        ArtbenchError: There is no matrix.
    """
    wanted = read_plan(folder_of(results)).options
    return loaded(wanted.plugin_files, reporter, wanted.paths)


def retry(
    results: Path, *, on: str | None, registry: Registry, reporter: Reporter, show: Show = nullcontext
) -> Submission | None:
    """Forget what failed, and hand all that is not done to an engine again; None if there is nothing to do.

    Args:
        results: The results folder.
        on: Name of the engine; None: that of the last submission.
        registry: The loaded plugins.
        reporter: Receives notices.
        show: As `run` has it.

    Raises:
        ArtbenchError: There is no matrix, or the engine refuses.
    """
    folder = folder_of(results)
    made, before = read_plan(folder), submissions(folder)
    MatrixState(folder).forget_failures([unit.id for unit in made.units])
    on = on or (before[-1].engine if before else "local")
    return run(made.options, on=on, registry=registry, reporter=reporter, show=show)[0]


def cancel(results: Path) -> int:
    """End all jobs of a matrix that engines still have; return the number of submissions with such jobs.

    Raises:
        ArtbenchError: There is no matrix, an engine refuses, or a command runs units that only its user can end.
    """
    folder = folder_of(results)
    handed = submissions(folder)
    if not handed:
        read_plan(folder)
    alive = [one.number for one in handed if engine(one.engine).words(one)]
    for one in handed:
        # Of the last one a job may still be there that has no units, and would hand in again what is left.
        if one.number in alive or one is handed[-1]:
            engine(one.engine).cancel(one)
    if any(engine(one.engine).waits for one in handed):
        _refuse_what_a_command_runs(folder)
    return len(alive)


def _refuse_what_a_command_runs(folder: Path) -> None:
    """Raise UsageError if units are run by a command that waits for them."""
    try:
        rows = Looks(folder)().rows
    except ArtbenchError:  # Without a plan jobs can be cancelled all the same.
        return
    holders = [row.state.holder for row in rows if row.state.holder is not None]
    waited_for = [holder for holder in holders if not holder.job.startswith("Slurm job")]
    if waited_for:
        raise UsageError(
            f"{counted(len(waited_for), 'unit')} {'is' if len(waited_for) == 1 else 'are'} run by a command that waits "
            f"for the end ({waited_for[0]}), and that ends with it",
            mend="Press Ctrl-C where `artbench matrix run` runs",
        )


def collect(results: Path, *, registry: Registry, reporter: Reporter) -> list[Path]:
    """Build the leaderboards of all records in a results folder, as it is now; return the pages.

    Raises:
        ArtbenchError: There is no record, or the pages can't be written.
    """
    # It needs what draws pages.
    from artbench.leaderboard.page.render import html_page

    folder, out = ResultsFolder(results), results / "leaderboards"
    known = literature(registry)
    page = partial(html_page, file_of=folder.file_of, out=out, literature=known, reporter=reporter)
    written = build_from(folder, out, literature=known, page=page, reporter=reporter)
    if not written:
        raise ArtbenchError(f"no records in {results / 'records'}", mend="`artbench matrix status` says why")
    return written


def follow_up(folder: str, number: int, *, reporter: Reporter) -> None:
    """After the jobs of a submission: build the leaderboards, and hand in again what jobs that were killed have left.

    Nothing is handed in for the third time in a row of which nothing came: no unit done, and none that failed.

    Raises:
        ArtbenchError: The folder can't be read or written, or the engine refuses.
    """
    submission = read_submission(Path(folder), number)
    made = read_plan(submission.folder, submission.plan)
    os.chdir(made.options.cwd)
    if made.options.cache is not None:
        os.environ["ARTBENCH_CACHE"] = str(made.options.cache)
    registry = loaded(made.options.plugin_files, reporter, made.options.paths)
    state = MatrixState(submission.folder)
    units = {unit.id: unit for unit in made.units}
    found = state.states([units[one] for job in submission.jobs for one in job])
    # All jobs are over: what seems to run was left, or is what another submission runs, which a job will see.
    left = sum(state.status in ("to do", "running") for state in found.values())
    tries = sum(state.tries for state in found.values())
    moved = tries > submission.tries or any(state.status == "done" for state in found.values())
    in_vain = 0 if moved else submission.in_vain + 1
    try:
        if left and in_vain < TRIES:
            reporter.notice(
                f"Left by jobs that are gone: {counted(left, 'unit')}. What is not on record is handed in again"
            )
            run(made.options, on=submission.engine, registry=registry, reporter=reporter, in_vain=in_vain)
        elif left:
            reporter.notice(f"Not done, and no job has said why: {counted(left, 'unit')}. See {submission.logs}")
    finally:
        collect(made.options.folder, registry=registry, reporter=reporter)


def _fetch(units: Sequence[Unit], registry: Registry, reporter: Reporter) -> None:
    """Bring published weights into the caches, where this process runs: nodes that compute may have no network."""
    # Torch takes seconds to import, and engines on this machine fetch nothing beforehand.
    from artbench.encoders.fetch import fetch

    networks = {(unit.backbones[0], unit.pretraining): None for unit in units if unit.kind == "measure"}
    failed = []
    for backbone, pretraining in networks:
        for one in fetch([backbone], [pretraining], registry=registry, reporter=reporter):
            if one.status == "fetched":
                reporter.notice(f"fetched the weights of {one.backbone}, {one.pretraining}")
            elif one.status == "failed":
                failed.append(one)
    if failed:
        more = f" (and {len(failed) - 1} more)" if failed[1:] else ""
        raise ArtbenchError(
            f"the weights of {failed[0].backbone}, {failed[0].pretraining}{more} can't be had: "
            f"{failed[0].reason.removesuffix('.')}",
            mend="Nothing was submitted; `artbench weights fetch` tells of each",
        )


def _tell_changes(folder: Path, made: Plan, state: MatrixState, reporter: Reporter) -> None:
    """Say what a plan has that the one before had not, and the other way round."""
    try:
        before = {unit.id: unit for unit in read_plan(folder).units}
    except ArtbenchError:
        return
    gone = [unit for one, unit in before.items() if one not in {unit.id for unit in made.units}]
    if not gone:
        return
    running = sum(one.status == "running" for one in state.states(gone).values())
    reporter.notice(
        f"the plan has changed since it was submitted: of {counted(len(before), 'unit')} {len(gone):,} "
        f"{'is' if len(gone) == 1 else 'are'} not in it any more, of which {running:,} run now. "
        "What they have put on record stays"
    )
