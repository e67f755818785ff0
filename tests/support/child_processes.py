"""Processes to be killed, signalled or left without room."""

import multiprocessing
from collections.abc import Callable
from typing import Any

# Forked from a server that has torch imported: a child is at work within milliseconds.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.support.training"])


def child(target: Callable[..., None], *arguments: object) -> Any:
    process = CONTEXT.Process(target=target, args=arguments)
    process.start()
    return process
