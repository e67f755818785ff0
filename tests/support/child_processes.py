"""Processes to be killed, signalled or left without room."""

import multiprocessing
from collections.abc import Callable
from typing import Any

# Forked from a server that has torch imported: a child is at work within milliseconds. There is one server for all
# tests of a process, so that all that children need is imported here.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.support.training", "tests.support.extraction", "artbench.evaluation.workflow"])


def child(target: Callable[..., None], *arguments: object) -> Any:
    # A daemon: where a test fails before its child ends, it ends with the tests.
    process = CONTEXT.Process(target=target, args=arguments, daemon=True)
    process.start()
    return process
