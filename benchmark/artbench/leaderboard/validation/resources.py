"""Whether what a record says it took of the machine is possible."""

from artbench.leaderboard.validation.findings import RERUN, FileFindings
from artbench.records.record import Record

# Of one device, each source and where it can be.
_ON = {"cuda": ("cuda",), "nvml": ("cuda",), "VmHWM": ("cpu",), "sampled": ("cpu",), "rapl": ("cpu",)}


def check_resources(record: Record, about: FileFindings) -> None:
    """Report what can't have been measured on the record's device; the numbers themselves can't be checked."""
    timing, device = record.timing, record.provenance.device
    if timing.extraction is not None and timing.images_per_s is None:
        about.fault("timing.extraction is given, but no image was extracted", RERUN)
    for step, used in (("extraction", timing.extraction), ("probe", timing.probe)):
        if used is None:
            continue
        for source in (used.memory_by, used.energy_by):
            if source is not None and device not in _ON[source]:
                about.fault(f"timing.{step}: {source} does not measure on {device}", RERUN)
        if used.reserved_bytes is not None and used.reserved_bytes < (used.memory_bytes or 0):
            about.fault(f"timing.{step}: more memory is allocated than reserved", RERUN)
