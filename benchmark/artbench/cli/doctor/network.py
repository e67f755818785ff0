"""Whether weights can be downloaded."""

from collections.abc import Iterator
from queue import Empty, Queue
from threading import Thread

from huggingface_hub import constants

from artbench.cli.doctor.examination import Environment
from artbench.encoders.hub import offline_weights, unreachable
from artbench.runtime.findings import Finding, passed, warned

_SERVERS = {"hub": constants.ENDPOINT, "torchvision": "https://download.pytorch.org"}
_SECONDS = 10.0


def network(environment: Environment) -> Iterator[Finding]:
    """Ask the servers of weights, all at once; none is waited for longer than ten seconds."""
    if environment.offline:
        yield passed("weights", "not asked (--offline)")
        return
    asked = {name: _asking(url) for name, url in _SERVERS.items()}
    for name, url in _SERVERS.items():
        if name == "hub" and constants.HF_HUB_OFFLINE:
            yield warned(name, "HF_HUB_OFFLINE is set: nothing is downloaded from it", mend="unset HF_HUB_OFFLINE")
            continue
        try:
            reason = asked[name].get(timeout=_SECONDS)
        except Empty:
            reason = f"no answer in {_SECONDS:.0f} s"
        if reason:
            mend = f"Cached weights work without, and checkpoints (--pretraining FILE); {offline_weights()}"
            yield warned(name, f"{url} can't be reached ({reason})", mend=mend)
        else:
            yield passed(name, f"{url} answers")


def _asking(url: str) -> "Queue[str]":
    """Ask in a thread, since the look-up of a host name has no timeout; the queue receives the answer."""
    answer: Queue[str] = Queue()

    def ask() -> None:
        try:
            answer.put(unreachable(url))
        except Exception as error:  # A misspelt address in an environment variable.
            answer.put(str(error))

    Thread(target=ask, daemon=True).start()
    return answer
