"""Servers are asked politely, and believed in nothing."""

import socket
import threading
import time

import pytest

from artbench.errors import ArtbenchError
from artbench.harvest import addresses
from artbench.harvest import client as asking
from artbench.harvest.addresses import check_address, is_public, public_socket
from artbench.harvest.client import Client, RefusedError, StopError
from tests.benchmark.harvest.conftest import Clock
from tests.support.museum_server import Museum

MOST = 100_000


def test_who_asks_is_told_and_robots_are_asked_once(museum: Museum) -> None:
    museum.gives("/a", b"one")
    museum.gives("/b", b"two")
    client = Client(delay=0.0, private=True, contact="mailto:somebody@example.org")
    assert [client.get(f"{museum.url}/{name}", most=MOST).data for name in "ab"] == [b"one", b"two"]
    assert museum.asked == ["/robots.txt", "/a", "/b"]
    (agent,) = museum.agents
    assert agent.startswith("artbench/")
    assert agent.endswith("(mailto:somebody@example.org)")


def test_there_is_a_pause_between_two_requests(museum: Museum, clock: Clock) -> None:
    museum.gives("/a", b"one")
    client = Client(delay=5.0, private=True, sleep=clock.sleep)
    client.get(f"{museum.url}/a", most=MOST)
    client.get(f"{museum.url}/a", most=MOST)
    assert len(clock) == 2
    assert all(4 < pause <= 5 for pause in clock)


def test_robots_may_forbid_and_slow_down(museum: Museum, clock: Clock) -> None:
    museum.gives("/robots.txt", "User-agent: *\nDisallow: /secret\nCrawl-delay: 20\n")
    museum.gives("/secret/a", b"one")
    museum.gives("/open", b"two")
    client = Client(delay=0.0, private=True, sleep=clock.sleep)
    with pytest.raises(RefusedError, match=r"/secret/a: robots\.txt of the server forbids it"):
        client.get(f"{museum.url}/secret/a", most=MOST)
    assert client.get(f"{museum.url}/open", most=MOST).data == b"two"
    assert "/secret/a" not in museum.asked
    assert max(clock) > 19


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_server_that_fails_for_the_moment_is_asked_again(
    status: int, museum: Museum, client: Client, clock: Clock
) -> None:
    museum.gives("/a", (status, {}, b""), (status, {"Retry-After": "7"}, b""), b"one")
    assert client.get(f"{museum.url}/a", most=MOST).data == b"one"
    assert list(clock) == [2, 7]


def test_one_that_asks_for_an_hour_or_fails_for_ever_ends_it(museum: Museum, client: Client, clock: Clock) -> None:
    museum.gives("/later", (429, {"Retry-After": "3600"}, b""))
    with pytest.raises(StopError, match=r"asks to wait for 3,600 s .*give the same command later"):
        client.get(f"{museum.url}/later", most=MOST)
    museum.gives("/broken", (500, {}, b""))
    with pytest.raises(StopError, match=r"it answers 500, 5 times"):
        client.get(f"{museum.url}/broken", most=MOST)
    assert list(clock) == [2, 4, 8, 16]


def test_a_date_may_say_when_to_come_back(museum: Museum, client: Client, clock: Clock) -> None:
    museum.gives("/a", (503, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, b""), b"one")
    assert client.get(f"{museum.url}/a", most=MOST).data == b"one"
    assert list(clock) == [0]


def test_an_answer_that_breaks_off_or_lies_of_its_length_is_asked_again(museum: Museum, client: Client) -> None:
    museum.gives("/a", b"0123456789")
    museum.cuts["/a"] = 2
    assert client.get(f"{museum.url}/a", most=MOST).data == b"0123456789"
    assert museum.asked.count("/a") == 3
    museum.gives("/b", (200, {"Content-Length": "1000"}, b"short"))
    with pytest.raises(StopError, match="5 times"):
        client.get(f"{museum.url}/b", most=MOST)


def test_a_large_or_compressed_answer_is_not_taken(museum: Museum, client: Client) -> None:
    museum.gives("/large", bytes(MOST + 1))
    with pytest.raises(RefusedError, match="larger than 0 MB"):
        client.get(f"{museum.url}/large", most=MOST)
    museum.gives("/bomb", (200, {"Content-Encoding": "gzip"}, b"\x1f\x8b"))
    with pytest.raises(RefusedError, match="compressed, which was not asked for"):
        client.get(f"{museum.url}/bomb", most=MOST)


def test_a_server_that_drips_holds_nobody_up(museum: Museum, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_WHOLE", 0.2)
    monkeypatch.setattr(asking, "_TRIES", 1)
    monkeypatch.setattr(asking, "_CHUNK", 8)
    museum.gives("/drip", bytes(400))
    museum.drips.add("/drip")
    begun = time.monotonic()
    with pytest.raises(StopError, match="it sends an answer for more than"):
        client.get(f"{museum.url}/drip", most=MOST)
    assert time.monotonic() - begun < 60


@pytest.mark.parametrize("private", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.0.0.1", "0.0.0.0"])
def test_a_private_address_is_never_reached(private: str) -> None:
    with pytest.raises((RefusedError, StopError)) as raised:
        Client(delay=0.0, sleep=lambda _: None).get(f"http://{private}:9/", most=MOST)
    assert "an address of a private network" in str(raised.value) or private == "[::1]"


def test_a_redirection_into_a_private_network_is_refused(museum: Museum, monkeypatch: pytest.MonkeyPatch) -> None:
    # The museum's own port stands for a server of the public network.
    public = int(museum.url.rpartition(":")[2])

    def connect(host: str, port: int, timeout: float | None, *, private: bool) -> socket.socket:
        return public_socket(host, port, timeout, private=private or port == public)

    monkeypatch.setattr(addresses, "public_socket", connect)
    museum.gives("/a", (302, {"Location": "http://127.0.0.1:9/metadata"}, b""))
    client = Client(delay=0.0, sleep=lambda _: None)
    with pytest.raises(RefusedError, match=r"127\.0\.0\.1 is 127\.0\.0\.1, an address of a private network"):
        client.get(f"{museum.url}/a", most=MOST)


def test_redirections_are_followed_a_few_times_and_to_web_addresses_alone(museum: Museum, client: Client) -> None:
    museum.gives("/a", (301, {"Location": "/b"}, b""))
    museum.gives("/b", b"here")
    assert client.get(f"{museum.url}/a", most=MOST).url == f"{museum.url}/b"
    museum.gives("/circle", (302, {"Location": "/circle"}, b""))
    with pytest.raises(RefusedError, match="redirected more than 5 times"):
        client.get(f"{museum.url}/circle", most=MOST)
    museum.gives("/file", (302, {"Location": "file:///etc/passwd"}, b""))
    with pytest.raises(ArtbenchError, match="is not a web address"):
        client.get(f"{museum.url}/file", most=MOST)


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "ftp://example.org/a",
        "https://",
        "http://[::1",
        "nonsense",
        "http://a:b@example.org/",
        "http://a\n/",
    ],
)
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(ArtbenchError, match=r"web address|user name"):
        check_address(address)


def test_addresses_of_the_public_network_are_told_from_others() -> None:
    assert is_public("2001:4860:4860::8888")
    assert not any(map(is_public, ("192.168.1.1", "100.64.0.1", "224.0.0.1", "fe80::1%eth0", "::", "::ffff:127.0.0.1")))


def test_a_server_that_is_not_there_is_said_after_some_tries(client: Client, clock: Clock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    with pytest.raises(StopError, match=rf"127\.0\.0\.1:{port}: it can't be reached .*5 times"):
        client.get(f"http://127.0.0.1:{port}/a", most=MOST)
    assert len(clock) == 4
    assert threading.active_count() < 20
