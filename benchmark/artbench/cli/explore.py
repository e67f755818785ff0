"""`artbench explore`: a collection as a page to look around in."""

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artbench.cli import options
from artbench.cli.completion import completed
from artbench.cli.options import Number
from artbench.cli.output import echo, print_json

if TYPE_CHECKING:
    from artbench.data.folders import DatasetPaths
    from artbench.explore.contents import Exploration
    from artbench.explore.server import ExploreServer

# Seconds until Ctrl-C is seen.
_PROMPTLY = 0.1


@click.command()
@click.argument("dataset", required=False, shell_complete=completed("datasets"))
@click.option("--record", type=options.FILE, metavar="RECORD.json", help="Explore a record's dataset with its encoder.")
@options.backbone_option("Network that compares pictures. Default: the best of a few whose weights are here.")
@options.pretraining_option("Where its weights come from, or a checkpoint; with --record, its checkpoint.")
@click.option(
    "--out",
    type=options.OUTPUT_FILE,
    default=Path("explore.html"),
    show_default=True,
    help="The page, one file that holds all it shows.",
)
@click.option(
    "--serve",
    "serves",
    is_flag=True,
    help="Write no page: serve it to browsers on this machine until Ctrl-C, with search by a picture of yours, for "
    "collections too large for one file too.",
)
@click.option("--port", type=Number(0, 65535), default=0, help="Port to serve on. Default: any that is free.")
@click.option(
    "--layout",
    "method",
    type=click.Choice(["umap", "pca"]),
    help="How pictures are placed. Default: umap where umap-learn is installed, else principal components.",
)
@click.option("--clusters", type=Number(1, 1000), help="Number of clusters. Default: as suits the number of pictures.")
@click.option("--pictures", type=Number(4), help="Explore so many pictures at most, drawn by the seed. Default: all.")
@options.seed_option("Seed of the draw, of UMAP, of clusters and of random weights.", most=options.MOST_SEED)
@click.option("--open/--no-open", "opens", default=True, help="Open the page in a browser, where there is a screen.")
@options.collection_option("With --record, the task of the record")
@options.exclude_option
@options.paths_options
@options.device_option
@options.json_option
@options.plugin_option
@options.debug_option
@click.pass_context
def explore(
    ctx: click.Context,
    /,
    *,
    dataset: str | None,
    record: Path | None,
    pretraining: str | None,
    out: Path,
    serves: bool,
    port: int,
    opens: bool,
    task: str | None,
    exclude: Path | None,
    paths: "DatasetPaths",
    device: str,
    as_json: bool,
    plugin_files: tuple[Path, ...],
    **fields: Any,
) -> None:
    """Look around in a collection: a map of all pictures, what looks alike, clusters, duplicates, doubtful labels.

    DATASET is a name, or collection:DIR for a folder or table of yours; labels are not needed.

    \b
      artbench explore collection:my-pictures
    """  # noqa: D301  click reads the control character
    from artbench.explain.sources import Sources
    from artbench.explore.request import ExploreRequest

    if (dataset is None) == (record is None):
        raise click.UsageError("Name either a DATASET, such as collection:DIR, or --record RECORD.json.")
    if serves and ctx.get_parameter_source("out") is not click.core.ParameterSource.DEFAULT:
        raise click.UsageError("--out writes a page, and --serve writes none: give one of them.")
    if port and not serves:
        raise click.UsageError("--port is for --serve.")
    loaded = options.registry(plugin_files, paths)
    sources = Sources(
        tasks=() if task is None else (task,),
        paths=paths,
        checkpoint=Path(pretraining) if record is not None and pretraining is not None else None,
        exclude=exclude,
        device=device,
    )
    request = ExploreRequest(
        dataset=dataset,
        record=record,
        pretraining=None if record is not None else pretraining,
        out=None if serves else out,
        sources=sources,
        **fields,
    )
    checked = request.check(loaded)
    # Torch takes seconds to import.
    from artbench.cli.progress import TerminalReporter
    from artbench.explore.workflow import explore as carry_out

    found = carry_out(request, checked, registry=loaded, reporter=TerminalReporter())
    if serves:
        _serve(found, port=port, as_json=as_json, opens=opens)
        return
    if as_json:
        print_json(found.as_json())
    else:
        _print(found)
        echo(f"The page is {out}.", err=True)
    if opens:
        _open(out.absolute().as_uri())


def _serve(found: "Exploration", *, port: int, as_json: bool, opens: bool) -> None:
    from artbench.explore.server import ExploreServer

    with ExploreServer(found, port=port) as server:
        if as_json:
            print_json({**found.as_json(), "address": server.address})
        else:
            _print(found)
            click.echo(server.address)
            echo("The page is at this address, for browsers on this machine alone. Ctrl-C stops it.", err=True)
        sys.stdout.flush()
        if opens:
            _open(server.address)
        _until_ctrl_c(server)


def _until_ctrl_c(server: "ExploreServer") -> None:
    """Serve until Ctrl-C, which is how it is meant to end; SIGTERM is not."""
    pressed = False

    def stop(*_: object) -> None:
        nonlocal pressed
        pressed = True

    # Python's own handler raises wherever the program is, and what is raised where an object is deleted is lost.
    before = signal.signal(signal.SIGINT, stop)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        while not pressed and thread.is_alive():
            time.sleep(_PROMPTLY)
    finally:
        signal.signal(signal.SIGINT, before)
        server.shutdown()
        thread.join()


def _print(found: "Exploration") -> None:
    for line in found.caption:
        echo(line)
    kinds = [group.kind for group in found.twins]
    echo(
        f"{len(found.clusters.found)} clusters; duplicates: {kinds.count('file')} groups of equal files, "
        f"{kinds.count('twins')} of the same picture, {kinds.count('alike')} to look at."
    )
    for one in found.judged:
        echo(f"{one.name}: the model is sure of another value for {one.suspected:,} of {one.pictures:,} pictures.")


def _open(address: str) -> None:
    """Open a page in a browser, if somebody sits at a terminal and there is a screen."""
    if sys.stderr.isatty() and _has_screen():
        import webbrowser

        webbrowser.open(address)


def _has_screen() -> bool:
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
