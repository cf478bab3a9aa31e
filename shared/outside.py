"""Connections to URLs that users give: to the public internet, and to networks that the operator opened."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import httpcore

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_LONGEST_URL = 2000
_SAFE = "!#$%&'()*+,/:;=?@[]~"


class Forbidden(Exception):  # noqa: N818 (what was named is refused; nothing failed)
    """A URL that must not be reached, or that is invalid; the message is for the person who gave it."""


def parse_networks(listed: str) -> tuple[Network, ...]:
    """Networks from a comma-separated list such as `10.1.0.0/16, 192.168.7.5`. Raises: ValueError, naming the entry."""
    entries = (entry.strip() for entry in listed.split(","))
    return tuple(ipaddress.ip_network(entry, strict=False) for entry in entries if entry)


def is_allowed(address: Address, networks: Iterable[Network]) -> bool:
    """Whether an address is public, or in one of the operator's networks.

    An IPv6 address that only wraps an IPv4 one (mapped, 6to4, Teredo, NAT64) is judged as that one.
    """
    inner = _inner(address)
    if any(one in network for one in (address, inner) for network in networks if one.version == network.version):
        return True
    return inner.is_global and not inner.is_multicast and address.is_global


def _inner(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo or address


def check_url(url: str, networks: Sequence[Network]) -> None:
    """Refuse an unsuitable URL before anything is sent: another scheme, a password in it, a forbidden IP address.

    Names are resolved for each connection. `http` is only for the operator's networks, and only by IP address or if
    networks were opened at all. Raises: Forbidden.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise Forbidden(f"this is no address: {error}") from error
    if len(url) > _LONGEST_URL or any(char.isspace() or not char.isprintable() for char in url):
        raise Forbidden("this is no address: it has spaces or control characters, or is longer than 2000 characters")
    if parts.scheme not in ("https", "http") or not host:
        raise Forbidden("an address begins with https:// and a name")
    if parts.username is not None or parts.password is not None:
        raise Forbidden("an address must not hold a user name or a password")
    if parts.scheme == "http" and not networks:
        raise Forbidden("an address begins with https://; http is for networks of LOCALCLIP_ALLOWED_NETWORKS only")
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        if host.rstrip(".").lower() == "localhost" and not networks:
            raise Forbidden(_refusal(host)) from None
        return
    if not is_allowed(number, networks):
        raise Forbidden(_refusal(host))


def ascii_url(url: str) -> str:
    """A URL as it is sent: host names in Punycode, other characters encoded, without a fragment. Raises: Forbidden."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", f":{parts.port}" if parts.port else ""
    try:
        host = f"[{host}]" if ":" in host else host.encode("idna").decode()
    except UnicodeError as error:
        raise Forbidden(f"this is no address: {error}") from error
    return urlunsplit((parts.scheme, host + port, quote(parts.path or "/", _SAFE), quote(parts.query, _SAFE), ""))


def _refusal(host: str) -> str:
    return f"{host} is in a private network; LOCALCLIP_ALLOWED_NETWORKS opens networks of one's own"


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Resolves a name once, refuses it if any of its addresses is forbidden, and connects to one of exactly those.

    A name that resolves differently the second time (DNS rebinding) gains nothing: there is no second time.
    `only_opened` refuses public addresses too, for what is sent unencrypted.
    """

    def __init__(self, networks: Sequence[Network], *, only_opened: bool = False) -> None:
        self._networks, self._only_opened = tuple(networks), only_opened
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (the interface of httpcore)
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises: Forbidden, httpcore.ConnectError if the name is unknown or nobody answers."""
        error: Exception | None = None
        for address in await self._addresses(host, port, timeout):
            try:
                return await self._inner.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        raise error or httpcore.ConnectError(f"{host} has no address")

    async def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        """Always refuse."""
        raise Forbidden("sockets of this machine are not reached")

    async def sleep(self, seconds: float) -> None:
        """Sleep between repeated connections."""
        await asyncio.sleep(seconds)

    async def _addresses(self, host: str, port: int, timeout_s: float | None) -> list[Address]:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout_s):
                found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"looking up {host} took too long") from error
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} is not known: {error}") from error
        addresses = list(dict.fromkeys(ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))
        opened = [address for address in addresses if any(address in network for network in self._networks)]
        if self._only_opened and len(opened) < len(addresses):
            raise Forbidden(f"{host} is not in LOCALCLIP_ALLOWED_NETWORKS: use https")
        if not all(is_allowed(address, self._networks) for address in addresses):
            raise Forbidden(_refusal(host))
        return addresses


@cache
def _trusted() -> ssl.SSLContext:
    """The trusted authorities, read once, since that takes about 30 ms."""
    return ssl.create_default_context()


def guarded_pool(networks: Sequence[Network], *, encrypted: bool) -> httpcore.AsyncConnectionPool:
    """Connections for one address; never through a proxy of the environment, never following redirects."""
    return httpcore.AsyncConnectionPool(
        ssl_context=_trusted(),
        network_backend=GuardedNetwork(networks, only_opened=not encrypted),
        max_connections=4,
        keepalive_expiry=20,
    )
