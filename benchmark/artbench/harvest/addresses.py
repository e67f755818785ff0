"""Connections to servers of the public network alone: an answer must not lead a program into somebody's own."""

import ipaddress
import socket
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from ssl import create_default_context
from urllib.parse import urlsplit
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request

from artbench.errors import ArtbenchError

_LONGEST = 4_000


class PrivateAddressError(OSError):
    """A name stands for an address of a private network, or of this machine."""


def check_address(url: str) -> str:
    """Return an address as it is asked for, without a fragment.

    Raises:
        ArtbenchError: It is not an http or https address, is too long, or has a user name in it.
    """
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ArtbenchError(f"{url[:100]!r} is not a web address ({error})") from error
    if parts.scheme not in ("http", "https") or not host or len(url) > _LONGEST or not url.isprintable():
        raise ArtbenchError(f"{url[:100]!r} is not a web address", mend="It should begin with https:// or http://")
    if parts.username is not None or parts.password is not None:
        raise ArtbenchError(f"the address of {host} has a user name in it, which is not sent", mend="Leave it out")
    return parts._replace(fragment="").geturl()


def opener(*, private: bool) -> OpenerDirector:
    """Return what opens addresses; it follows no redirection by itself.

    The address that a name stands for is looked at when the connection is made, so that a name can't change its mind
    in between. Behind a proxy that the environment names, the proxy decides which servers can be reached.

    Args:
        private: Whether addresses of private networks and of this machine may be reached.
    """
    made = OpenerDirector()
    for handler in (ProxyHandler(), _Http(private=private), _Https(private=private)):
        made.add_handler(handler)
    return made


def public_socket(host: str, port: int, timeout: float | None, *, private: bool) -> socket.socket:
    """Connect to the first address of a host that answers.

    Raises:
        PrivateAddressError: All its addresses are private, and `private` is False.
        OSError: None of them answers.
    """
    last: OSError = OSError(f"{host} has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        if not (private or is_public(str(address[0]))):
            last = PrivateAddressError(f"{host} is {address[0]}, an address of a private network")
            continue
        made = socket.socket(family, kind, protocol)
        try:
            made.settimeout(timeout)
            made.connect(address)
        except OSError as error:
            made.close()
            last = error
            continue
        return made
    raise last


def is_public(address: str) -> bool:
    """Whether a numeric address belongs to the public network.

    Examples:
        >>> from artbench.harvest.addresses import is_public
        >>> [is_public(one) for one in ("145.18.10.1", "127.0.0.1", "169.254.169.254", "::ffff:10.0.0.1")]
        [True, False, False, False]
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    return found.is_global and not found.is_multicast and (mapped is None or mapped.is_global)


class _Http(HTTPHandler):
    def __init__(self, *, private: bool) -> None:
        super().__init__()
        self._private = private

    def http_open(self, req: Request) -> HTTPResponse:
        private = self._private or _through_proxy(req)

        class Connection(HTTPConnection):
            def connect(self) -> None:
                self.sock = public_socket(self.host, self.port, self.timeout, private=private)

        return self.do_open(Connection, req)


class _Https(HTTPSHandler):
    def __init__(self, *, private: bool) -> None:
        super().__init__()
        self._private = private

    def https_open(self, req: Request) -> HTTPResponse:
        if _through_proxy(req):
            return super().https_open(req)
        private, context = self._private, create_default_context()

        class Connection(HTTPSConnection):
            def connect(self) -> None:
                plain = public_socket(self.host, self.port, self.timeout, private=private)
                self.sock = context.wrap_socket(plain, server_hostname=self.host)

        return self.do_open(Connection, req)


def _through_proxy(request: Request) -> bool:
    # The handler of proxies has put the proxy in the place of the server.
    return request.host != urlsplit(request.full_url).netloc
