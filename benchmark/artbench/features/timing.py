"""How long an extraction took, and what it waited for."""

from dataclasses import dataclass

from artbench.runtime.resources import Resources


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Timing of an extraction.

    Attributes:
        extracted: Number of images that were not in the store.
        extract_s: Wall-clock seconds from files to features.
        decode_s: Seconds for which the network waited for images, summed over the threads that compute.
        forward_s: Seconds for which the network computed, summed likewise.
        resources: What it took of the machine, in all processes; None if nothing was extracted.
    """

    extracted: int = 0
    extract_s: float = 0.0
    decode_s: float = 0.0
    forward_s: float = 0.0
    resources: Resources | None = None

    @property
    def waiting(self) -> float | None:
        """Share of the time that the network waited for images; None if nothing was extracted."""
        busy = self.decode_s + self.forward_s
        return self.decode_s / busy if busy else None

    @property
    def images_per_s(self) -> float | None:
        """Images per second; None if none was extracted."""
        return self.extracted / self.extract_s if self.extracted else None
