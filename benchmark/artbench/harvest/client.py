"""Asking servers politely: one request at a time for each, with pauses, within what robots.txt allows."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from importlib import metadata
from typing import Any
from urllib.error import URLError
from urllib.parse import urljoin, urlsplit
from urllib.request import Request
from urllib.robotparser import RobotFileParser

from artbench.errors import ArtbenchError
from artbench.harvest.addresses import PrivateAddressError, check_address, opener

AGENT = "artbench"
# Seconds of one read, and of a whole answer: a server that sends a byte now and then holds nobody up.
_READ, _WHOLE = 30.0, 300.0
_CHUNK = 1 << 16
_REDIRECTIONS = 5
_TRIES = 5
# Seconds before another try: these, or what the server asks for, if that is not more than the longest.
_FIRST, _LONGEST = 2.0, 300.0
_ROBOTS = 500_000
_MOVED = frozenset({301, 302, 303, 307, 308})
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a server gave.

    Attributes:
        url: Its address, after redirections.
        data: The body.
    """

    url: str
    data: bytes


class RefusedError(ArtbenchError):
    """A server does not give what was asked for: it has it not, or the answer is not one to take.

    Args:
        message: What is wrong and where.
        status: Status of HTTP; 0 for an answer that was not taken.
    """

    def __init__(self, message: str, *, status: int = 0, mend: str = "") -> None:
        super().__init__(message, mend=mend)
        self.status = status


class StopError(ArtbenchError):
    """A server wants no more requests for now."""


class _AgainError(Exception):
    """An answer after which the same is asked again; its text says why.

    Args:
        wait: Seconds that the server asks for; None: it does not say.
    """

    def __init__(self, why: str, *, wait: float | None = None) -> None:
        super().__init__(why)
        self.wait = wait


class Client:
    """Fetches addresses, and tells servers who asks.

    Args:
        delay: Seconds between two requests to one server; `Crawl-delay` of robots.txt if that is more.
        private: Whether addresses of private networks may be reached.
        contact: Address of e-mail or web page that servers are told; empty: none.
        sleep: Waits for seconds.
    """

    def __init__(
        self,
        *,
        delay: float = 1.0,
        private: bool = False,
        contact: str = "",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._delay, self._private, self._sleep = delay, private, sleep
        self._opener = opener(private=private)
        self._agent = f"{AGENT}/{metadata.version('artbench')}" + (f" ({contact})" if contact else "")
        self._last: dict[str, float] = {}
        self._robots: dict[str, RobotFileParser] = {}

    def get(self, url: str, *, most: int) -> Answer:
        """Fetch an address, after a pause if its server was asked before, and again if it fails for the moment.

        Args:
            url: The address.
            most: Most bytes of an answer.

        Raises:
            RefusedError: The server does not have it, robots.txt forbids it, or the answer is too large.
            StopError: The server asks to come back later than in some minutes, or fails again and again.
            ArtbenchError: It is no web address, or one of a private network.
        """
        url = check_address(url)
        for _ in range(_REDIRECTIONS + 1):
            self._check_robots(url)
            answer = self._patiently(url, most)
            if isinstance(answer, Answer):
                return answer
            url = check_address(urljoin(url, answer))
        raise RefusedError(f"{_short(url)}: redirected more than {_REDIRECTIONS} times")

    def _patiently(self, url: str, most: int) -> Answer | str:
        wait = _FIRST
        for number in range(1, _TRIES + 1):
            self._pause(url)
            try:
                return self._once(url, most)
            except _AgainError as again:
                asked = wait if again.wait is None else again.wait
                if asked > _LONGEST or number == _TRIES:
                    told = f"{again}, {number} times"
                    if asked > _LONGEST:
                        told = f"it asks to wait for {asked:,.0f} s ({again})"
                    raise StopError(
                        f"{urlsplit(url).netloc}: {told}", mend="What is fetched is kept: give the same command later"
                    ) from again
                self._sleep(asked)
                wait *= 2
        raise AssertionError("unreachable")

    def _once(self, url: str, most: int) -> Answer | str:
        """Ask once; return the answer, or the address that it leads to."""
        request = Request(  # noqa: S310  `check_address` has looked at the scheme
            url, headers={"User-Agent": self._agent, "Accept-Encoding": "identity", "Accept": "*/*"}
        )
        ends = time.monotonic() + _WHOLE
        try:
            with self._opener.open(request, timeout=_READ) as response:
                status, headers = int(response.status), response.headers
                if status in _MOVED and (place := headers.get("Location")):
                    return str(place)
                if status in _LATER:
                    raise _AgainError(f"it answers {status}", wait=_seconds(headers.get("Retry-After")))
                if status != 200:
                    raise RefusedError(f"{_short(url)}: the server answers {status}", status=status)
                return Answer(url=url, data=_body(response, headers, url, most=most, ends=ends))
        except (URLError, HTTPException, OSError) as error:
            reason = error.reason if isinstance(error, URLError) else error
            if isinstance(reason, PrivateAddressError):
                raise RefusedError(str(reason), mend="If it is yours, give --private") from error
            raise _AgainError(f"it can't be reached ({reason or type(reason).__name__})") from error

    def _pause(self, url: str) -> None:
        server = urlsplit(url).netloc
        robots = self._robots.get(server)
        told = robots.crawl_delay(AGENT) if robots is not None else None
        wanted = max(self._delay, min(float(told), _LONGEST) if told else 0.0)
        if server in self._last and (rest := self._last[server] + wanted - time.monotonic()) > 0:
            self._sleep(rest)
        self._last[server] = time.monotonic()

    def _check_robots(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.netloc not in self._robots:
            found = RobotFileParser()
            self._robots[parts.netloc] = found
            try:
                given = self._patiently(f"{parts.scheme}://{parts.netloc}/robots.txt", _ROBOTS)
                # One that is moved elsewhere says nothing of this server.
                found.parse(given.data.decode(errors="replace").splitlines() if isinstance(given, Answer) else [])
            except RefusedError as error:
                if error.status in (0, 401, 403):
                    del self._robots[parts.netloc]
                    raise
                found.parse([])
            except StopError:
                del self._robots[parts.netloc]
                raise
        if not self._robots[parts.netloc].can_fetch(AGENT, url):
            raise RefusedError(f"{_short(url)}: robots.txt of the server forbids it", status=403)


def _body(response: Any, headers: Mapping[str, str], url: str, *, most: int, ends: float) -> bytes:
    if headers.get("Content-Encoding", "identity").lower() != "identity":
        raise RefusedError(f"{_short(url)}: the answer is compressed, which was not asked for")
    found = bytearray()
    while part := response.read(_CHUNK):
        found += part
        if len(found) > most:
            raise RefusedError(f"{_short(url)}: the answer is larger than {most / 1e6:,.0f} MB")
        if time.monotonic() > ends:
            raise _AgainError(f"it sends an answer for more than {_WHOLE:.0f} s")
    stated = headers.get("Content-Length", "")
    if stated.isascii() and stated.isdigit() and int(stated) != len(found):
        raise _AgainError(f"it sends {len(found):,} of {int(stated):,} bytes")
    return bytes(found)


def _seconds(stated: str | None) -> float | None:
    """Read `Retry-After`: seconds, or a date."""
    if stated is None:
        return None
    if stated.strip().isdigit():
        return float(stated)
    try:
        return max(0.0, (parsedate_to_datetime(stated) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _short(url: str) -> str:
    return url if len(url) <= 160 else f"{url[:157]}..."
