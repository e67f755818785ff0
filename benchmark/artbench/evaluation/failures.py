"""What failed in a run, and why: encoders, and tasks with some encoder; all others are run."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from artbench.encoders.request import EncoderRequest
from artbench.errors import ArtbenchError
from artbench.runtime.progress import Reporter


@dataclass(frozen=True, kw_only=True)
class Failures:
    """The failures of a run so far.

    Attributes:
        reporter: Receives a notice for each, as it happens.
        reasons: Why encoders, or tasks with them, failed, by the name of the encoder.
    """

    reporter: Reporter
    reasons: dict[str, str] = field(default_factory=dict)
    # Encoders that can't be built, or whose features can't be had.
    _broken: set[str] = field(default_factory=set)

    def is_broken(self, candidate: EncoderRequest) -> bool:
        """Whether an encoder failed as a whole, so that it is not tried again."""
        return str(candidate) in self._broken

    def encoder(self, candidate: EncoderRequest, error: ArtbenchError) -> None:
        """Tell why an encoder failed; it is not tried again."""
        self._broken.add(str(candidate))
        self.reasons[str(candidate)] = str(error)
        self.reporter.notice(f"{candidate}: {error}")

    def task(self, name: str, candidate: EncoderRequest, error: ArtbenchError) -> str:
        """Tell why a task failed with an encoder, and return the reason, for `add`: one process tells for all."""
        self.reporter.notice(f"{name}, {candidate}: {error}")
        return f"{name}: {error}"

    def add(self, candidate: EncoderRequest, reasons: Sequence[str]) -> None:
        """Add why tasks failed with an encoder, which was told before."""
        if reasons:
            self.reasons[str(candidate)] = " ".join([self.reasons.get(str(candidate), ""), *reasons]).strip()
