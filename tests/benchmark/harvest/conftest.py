from collections.abc import Iterator

import pytest

from artbench.harvest.client import Client
from tests.support.museum_server import Museum, museum_server


class Clock(list[float]):
    """Seconds that a client wanted to wait, which it does not."""

    def sleep(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def museum() -> Iterator[Museum]:
    with museum_server() as museum:
        yield museum


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(clock: Clock) -> Client:
    return Client(delay=0.0, private=True, sleep=clock.sleep)
