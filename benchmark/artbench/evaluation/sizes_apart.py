"""Sizes of the encoders that records name, counted in a process of its own."""

import multiprocessing
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from artbench.leaderboard.validation.sizes import EncoderSizes, SizesOfEach
from artbench.records.record import Record

# Records without an answer after which none is asked for any more: each may have cost the longest time.
_MOST_IN_VAIN = 3


def sizes_apart(plugin_files: Sequence[Path], *, longest: float = 60) -> SizesOfEach:
    """Return what looks up the sizes of records' backbones in a process that ends when all are known.

    So the hundreds of megabytes of torch and timm are never in memory together with the tables of a record.

    Args:
        plugin_files: Files of plugins, which that process loads as this one did.
        longest: Seconds that one record may take; the sizes of one that takes longer are not known. After three of
            them no others are counted.
    """

    def sizes(records: Iterable[Record]) -> Iterator[EncoderSizes | None]:
        apart, in_vain = None, 0
        try:
            for record in records:
                if in_vain == _MOST_IN_VAIN:
                    yield None
                    continue
                apart = apart or _Apart(plugin_files)
                found, alive = apart.ask(record, longest)
                if not alive:
                    in_vain += 1
                    apart.end()
                    apart = None
                yield found
        finally:
            if apart is not None:
                apart.end()

    return sizes


class _Apart:
    """The process that answers."""

    def __init__(self, plugin_files: Sequence[Path]) -> None:
        context = multiprocessing.get_context("spawn")
        self._here, there = context.Pipe()
        self._process = context.Process(target=_answer, args=(there, plugin_files), daemon=True)
        self._process.start()
        there.close()

    def ask(self, record: Record, longest: float) -> tuple[EncoderSizes | None, bool]:
        """Return the sizes, None if they can't be had, and whether the process can be asked again."""
        try:
            self._here.send(record)
            # The name of a backbone with a large size of images may ask for hours of work.
            return (self._here.recv(), True) if self._here.poll(longest) else (None, False)
        except (EOFError, OSError):
            # It was killed, such as for want of memory.
            return None, False

    def end(self) -> None:
        """End it at once: the end of a process with torch takes a second, and a hundred megabytes more."""
        self._process.kill()
        self._process.join()
        self._here.close()


def _answer(asked: "Connection[EncoderSizes | None, Record]", plugin_files: Sequence[Path]) -> None:
    # The process that asks ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What a library prints is not what the command prints.
    sys.stdout = sys.stderr
    from artbench.evaluation.sizes import sizes_known_to
    from artbench.plugins.loading import load_plugins

    sizes = sizes_known_to(load_plugins(plugin_files))
    while True:
        asked.send(sizes(asked.recv()))
