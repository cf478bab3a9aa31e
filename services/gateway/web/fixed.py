"""Answers whose bytes stay as they are: made, compressed and named once, however often they are asked for."""

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.web.compression import takes_gzip

_COMPRESSED = ("text/", "application/javascript", "application/json", "image/svg+xml")
_MIN_COMPRESSED = 1024


@dataclass(frozen=True)
class Fixed:
    """A body, the same as gzip where that is shorter, and the tag that names it."""

    body: bytes
    compressed: bytes | None
    media_type: str
    tag: str

    def answer(self, request: Request, headers: Mapping[str, str]) -> Response:
        """The body as the client takes it, or 304 if it has it already."""
        named = {**headers, "ETag": f'"{self.tag}"', "Vary": "Accept-Encoding"}
        if named["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=named)
        body = self.body
        if self.compressed is not None and takes_gzip(request.headers):
            body, named["Content-Encoding"] = self.compressed, "gzip"
        return Response(body, headers=named, media_type=self.media_type)


def fixed(body: bytes, media_type: str, tag: str | None = None) -> Fixed:
    """Compress what is worth it; without a `tag`, its hash names it. Slow: once, and in a thread."""
    worth_it = media_type.startswith(_COMPRESSED) and len(body) >= _MIN_COMPRESSED
    named = tag or hashlib.blake2b(body, digest_size=12).hexdigest()
    return Fixed(body, gzip.compress(body, 9, mtime=0) if worth_it else None, media_type, named)


def as_json(document: Any) -> Fixed:
    """A document that is sent as JSON."""
    return fixed(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(), "application/json")
