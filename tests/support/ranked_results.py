"""Five encoders on a leaderboard, and their ranks."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from artbench.leaderboard.board import Board, boards
from artbench.records.folder import ResultsFolder
from artbench.records.record import Record
from tests.support.results import guessed, put

N, CLASSES = 300, 6
LABELS: NDArray[np.int64] = np.random.default_rng(0).integers(0, CLASSES, N)
RATES = {"a": 0.95, "b": 0.94, "c": 0.7, "d": 0.64, "e": 0.6}


def fill(folder: ResultsFolder, **changes: Any) -> list[Record]:
    """Five encoders, of which two are good, and the others differ by little."""
    return [
        put(folder, name, LABELS, guessed(LABELS, rate=rate, classes=CLASSES, seed=seed), **changes)
        for seed, (name, rate) in enumerate(RATES.items())
    ]


def board_of(records: list[Record], folder: ResultsFolder) -> Board:
    (board,) = boards(records, folder.predictions_of)
    return board


def places(board: Board) -> dict[str, str]:
    return {row.record.backbone: str(board.place_of(row.record)) for row in board.rows}
