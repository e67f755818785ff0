"""Looks at a matrix again and again: what has not changed since the last look is not read again."""

from pathlib import Path

from artbench.errors import ArtbenchError
from artbench.matrix.plan import Plan, newest_plan, read_plan
from artbench.matrix.state import MatrixState
from artbench.matrix.status import MatrixStatus, status_of
from artbench.matrix.submission import Submission, read_submission, submission_files


class Looks:
    """What became of the matrix in a folder, at each call.

    Args:
        folder: Folder of the matrix.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._state = MatrixState(folder)
        self._plans: dict[str, Plan] = {}
        # Submissions by number, with time and size of the file.
        self._handed: dict[int, tuple[tuple[int, int], Submission]] = {}

    def __call__(self) -> MatrixStatus:
        """Look.

        Raises:
            ArtbenchError: There is no matrix.
        """
        newest = newest_plan(self._folder)
        if newest not in self._plans:
            self._plans = {newest: read_plan(self._folder, newest)}
        return status_of(self._plans[newest], self._state, self._submissions())

    def _submissions(self) -> list[Submission]:
        found = []
        for number, file in sorted(submission_files(self._folder).items()):
            try:
                state = file.stat()
                seen = (state.st_mtime_ns, state.st_size)
                known = self._handed.get(number)
                if known is None or known[0] != seen:
                    known = self._handed[number] = (seen, read_submission(self._folder, number))
            except (ArtbenchError, OSError):  # Half written, or removed just now.
                continue
            found.append(known[1])
        return found
