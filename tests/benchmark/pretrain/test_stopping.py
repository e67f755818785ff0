"""Signals are noted inside the block alone, and nothing of it is left afterwards."""

import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from artbench.pretrain import stopping
from artbench.pretrain.second_signal import ending_at_the_second
from artbench.pretrain.stopping import stop_request
from tests.support.child_processes import child


def handlers() -> list[object]:
    return [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP)]


def sleeping_through_two(told: Path) -> None:
    """A main thread that sees two signals and stays."""

    def last_words(name: str) -> None:
        told.write_text(name)

    signal.signal(signal.SIGTERM, lambda *_: None)
    with ending_at_the_second({signal.SIGTERM: "kind"}, ended=last_words, grace=0.1):
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        time.sleep(60)


def with_last_words_that_never_end() -> None:
    signal.signal(signal.SIGTERM, lambda *_: None)
    with ending_at_the_second({signal.SIGTERM: "kind"}, ended=lambda _: time.sleep(60), grace=0.1):
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        time.sleep(60)


def signalled_apart(told: Path) -> None:
    """One signal to a forked child, one to the process itself, and one of another kind."""
    for number in (signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, lambda *_: None)
    kinds: dict[int, str] = {signal.SIGTERM: "kind", signal.SIGUSR1: "other kind"}
    with ending_at_the_second(kinds, ended=lambda _: None, grace=0.1):
        forked = os.fork()
        if not forked:
            signal.raise_signal(signal.SIGTERM)
            os._exit(0)
        os.waitpid(forked, 0)
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGUSR1)
        time.sleep(1)
    told.touch()


def test_a_second_signal_acts_as_usual_whichever_of_the_two_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "REPEATS", 0.05)
    with stop_request() as stop:
        signal.raise_signal(signal.SIGTERM)
        assert stop.name == "SIGTERM"
        time.sleep(0.1)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_repeats_are_ignored_and_those_of_the_system_always(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    with stop_request() as stop:
        stop.on_first = told.append
        for name in ("SIGUSR1", "SIGTERM", "SIGTERM", "SIGINT", "SIGTERM"):
            signal.raise_signal(getattr(signal, name))
        assert stop.name == "SIGUSR1"
    monkeypatch.setattr(stopping, "REPEATS", 0.0)
    with stop_request() as stop:
        stop.on_first = told.append
        for name in ("SIGUSR1", "SIGUSR1", "SIGUSR1", "SIGTERM"):
            signal.raise_signal(getattr(signal, name))
    assert told == ["SIGUSR1", "SIGUSR1"]


def test_a_hangup_that_nohup_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stop_request() as stop:
            signal.raise_signal(signal.SIGHUP)
            assert not stop
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_handlers_are_restored_afterwards() -> None:
    inbox, outbox = socket.socketpair()
    with inbox, outbox:
        outbox.setblocking(False)
        before = handlers()
        signal.set_wakeup_fd(outbox.fileno())
        for _ in range(3):
            with stop_request() as stop:
                assert handlers() != before
                signal.raise_signal(signal.SIGINT)
            assert stop.name == "SIGINT"
        assert signal.set_wakeup_fd(-1) == outbox.fileno()
    assert handlers() == before
    assert not any(thread.name == "artbench-signals" for thread in threading.enumerate())


def test_nested_requests_record_signals_for_themselves() -> None:
    with stop_request() as outer:
        with stop_request() as inner:
            signal.raise_signal(signal.SIGTERM)
        assert inner
        assert not outer
        signal.raise_signal(signal.SIGTERM)
        assert outer.name == "SIGTERM"


def test_outside_the_main_thread_no_signal_is_recorded() -> None:
    def look() -> bool:
        before = handlers()
        with stop_request() as stop:
            return handlers() == before and not stop

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(look).result()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_main_thread_that_stays_is_ended_after_the_last_message(tmp_path: Path) -> None:
    told = tmp_path / "told"
    process = child(sleeping_through_two, told)
    process.join(50)
    assert process.exitcode == 128 + signal.SIGTERM
    assert told.read_text() == "SIGTERM"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_last_message_that_never_ends_does_not_delay_the_end() -> None:
    process = child(with_last_words_that_never_end)
    process.join(50)
    assert process.exitcode == 128 + signal.SIGTERM


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_signal_to_a_forked_child_or_of_another_kind_does_not_count(tmp_path: Path) -> None:
    told = tmp_path / "told"
    process = child(signalled_apart, told)
    process.join(50)
    assert process.exitcode == 0
    assert told.exists()
