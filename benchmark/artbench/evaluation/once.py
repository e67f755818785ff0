"""Two runs at once of the same command: the probe of a plugin, which may take hours, is fitted by one of them."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from artbench.data.opening import OpenTask
from artbench.encoders.request import EncoderRequest
from artbench.protocol import Protocol
from artbench.runtime.files import cache_folder, file_errors
from artbench.runtime.lease import Lease
from artbench.runtime.progress import Reporter


@contextmanager
def fitted_by_one(
    task: OpenTask, protocol: Protocol, candidate: EncoderRequest, *, results: Path, reporter: Reporter
) -> Iterator[None]:
    """Wait until no other run is fitting this probe on this task, and keep others waiting during the block.

    Only for protocols with a probe of their own: all others take seconds. Runs that share no cache don't wait for each
    other, nor do those whose cache can't be written.

    Args:
        task: The task.
        protocol: The protocol.
        candidate: The encoder.
        results: Folder that the record goes to.
        reporter: Receives a notice that says which run is waited for.

    Raises:
        ArtbenchError: The cache can't be written.
    """
    cache = cache_folder(to_read=True)
    if protocol.own is None or not os.access(cache, os.W_OK):
        yield
        return
    meant = "\0".join((str(results.resolve()), task.spec.name, task.listing, protocol.hash, str(candidate)))
    folder = cache / ".leases" / f"probe-{hashlib.sha256(meant.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}"
    with Lease(folder, doing=f"fitting the probe of {protocol.name} on {task.spec.name}") as lease:
        with file_errors(f"the cache folder {cache} can't be written"):
            lease.acquire(reporter=reporter)
        yield
