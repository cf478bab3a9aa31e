"""Which names the gateway answers to, and which pages may change something: what keeps other web pages out.

Without keys everything on this machine may do everything, so a page of somebody else must not reach the gateway: not by
a form or a script (the `Origin` is another), nor by a name of its own that leads to this address (the `Host` is
another: DNS rebinding).
"""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from services.gateway.api.problems import Problem

_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_.-]+)(?::([0-9]{1,5}))?")
_PORTS = {"http": "80", "ws": "80", "https": "443", "wss": "443"}
_READING = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Names:
    """The names and origins that are configured, and whether callers need a key."""

    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    keys_needed: bool = False

    def answers_to(self, host: str) -> bool:
        """Whether a request with this `Host` is meant for the gateway.

        An address cannot be rebound, nor can the names of this machine. With keys a page under a foreign name has no
        cookie to send, so every name is good while none is configured.
        """
        found = _HOST.fullmatch(host)
        if found is None:
            return False
        name = found[1].lower().rstrip(".")
        if name == "localhost" or name.endswith(".localhost") or _is_address(name):
            return True
        if not self.hosts:
            return self.keys_needed
        return any(_matches(name, allowed) for allowed in self.hosts)

    def trusts(self, origin: str, host: str, scheme: str) -> bool:
        """Whether a page of `origin` may change something here; `scheme` is the request's, as far as it is known.

        Behind a proxy that ends TLS we see http, so an https page of the same host is our own; not the other way round.
        """
        if origin.lower() in self.origins:
            return True
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        if parts.scheme not in ("http", "https") or (scheme in ("https", "wss") and parts.scheme != "https"):
            return False
        return _without_port(parts.netloc, parts.scheme) == _without_port(host, parts.scheme)


def refusal(names: Names, connection: HTTPConnection) -> Problem | None:
    """Why this request is not taken, judged by where it says it comes from and goes to."""
    headers = connection.headers
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not names.answers_to(hosts[0]):
        detail = "LocalClip does not answer to this host name; LOCALCLIP_ALLOWED_HOSTS names those it does"
        return Problem(421, "host_not_allowed", detail)
    if connection.scope["type"] == "http" and connection.scope["method"] in _READING:
        return None
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if origin is not None:
        configured = origin.lower() in names.origins
        fine = names.trusts(origin, hosts[0], connection.scope["scheme"]) and (site != "cross-site" or configured)
    else:  # a program, or a browser that says by other means where the request comes from
        fine = site not in ("cross-site", "same-site")
    if fine:
        return None
    detail = "a page of another origin may change nothing here; LOCALCLIP_ALLOWED_ORIGINS names those that may"
    return Problem(403, "origin_not_allowed", detail)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _matches(name: str, allowed: str) -> bool:
    return allowed == "*" or name == allowed or (allowed.startswith("*.") and name.endswith(allowed[1:]))


def _without_port(host: str, scheme: str) -> str:
    return host.lower().removesuffix(f":{_PORTS[scheme]}")
