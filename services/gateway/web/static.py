"""The built web app with its start page, and `/docs` and `/redoc` from our own copies; nothing comes from elsewhere."""

import mimetypes
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from services.gateway.web.fixed import Fixed, fixed
from services.gateway.web.problems import not_found

router = APIRouter(include_in_schema=False)

_API = ("api", "ws", "docs", "redoc", "openapi.json", "asyncapi.json", "healthz", "readyz", "metrics")
_IMMUTABLE = "public, max-age=31536000, immutable"
_NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>LocalClip</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem;color-scheme:light dark}
code{background:#8883;padding:.1em .3em;border-radius:.2em}</style>
<h1>LocalClip is running</h1>
<p>The web app is not built yet. With Node.js 20.19 or newer installed, stop LocalClip and run <code>make up</code>
again, or build it now and reload this page:</p>
<p><code>make frontend</code></p>
<p>Everything works from a terminal, too:</p>
<p><code>localclip dub video.mp4 --to es,fr --server %(server)s</code></p>
<ul><li><a href="/readyz">Health and workers</a></li><li><a href="/api/engines">Engines</a></li>
<li><a href="/api/languages">Languages</a></li><li><a href="/api/tasks">Tasks</a></li>
<li><a href="/openapi.json">REST API (OpenAPI)</a></li><li><a href="/asyncapi.json">Events (AsyncAPI)</a></li></ul>
</html>"""


class WebApp:
    """Answers what no route of the gateway answers; files are read once, and again when they change."""

    def __init__(self, folder: Path, upload_origin: str | None) -> None:
        self._folder = folder
        self._files: dict[tuple[str, int], Fixed] = {}
        self._policy = policy(upload_origin)

    def answer(self, request: Request) -> Response | None:
        """A file, the start page, or None for paths outside the web app."""
        path = request.url.path.strip("/")
        if request.method not in ("GET", "HEAD") or path.split("/", 1)[0] in _API:
            return None
        wanted = self._folder / path if path else self._folder / "index.html"
        if self._is_ours(wanted):
            return self._file(request, wanted, immutable=path.startswith("assets/"))
        if path and not _is_page(request, path):
            return None
        start = self._folder / "index.html"
        if start.is_file():
            return self._file(request, start, immutable=False)
        if path:
            return None
        page = _NOT_BUILT % {"server": escape(str(request.base_url).rstrip("/"))}
        return HTMLResponse(page, headers={"Content-Security-Policy": self._policy})

    def _is_ours(self, path: Path) -> bool:
        try:
            return path.is_file() and path.resolve().is_relative_to(self._folder.resolve())
        except (OSError, ValueError):  # a name that no file can have
            return False

    def _file(self, request: Request, path: Path, *, immutable: bool) -> Response:
        tag = path.stat().st_mtime_ns
        found = self._files.get((str(path), tag))
        if found is None:
            found = self._files[str(path), tag] = fixed(path.read_bytes(), _media_type(path.name), f"{tag:x}")
        headers = {"Cache-Control": _IMMUTABLE if immutable else "no-cache", "X-Content-Type-Options": "nosniff"}
        if found.media_type == "text/html":
            headers |= {"Content-Security-Policy": self._policy, "Referrer-Policy": "same-origin"}
        return found.answer(request, headers)


def _is_page(request: Request, path: str) -> bool:
    """Whether a browser opens this URL as a page; a program gets a 404 for what does not exist."""
    return (
        "text/html" in request.headers.get("accept", "")
        and not path.startswith("assets/")
        and "." not in path.rsplit("/", 1)[-1]
    )


def policy(upload_origin: str | None) -> str:
    """The Content-Security-Policy: nothing from elsewhere, except uploads to the store and styles set by script."""
    uploads = f" {upload_origin}" if upload_origin else ""
    return (
        "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
        f"connect-src 'self'{uploads}; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def _media_type(name: str) -> str:
    found = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return "application/javascript" if found == "text/javascript" else found  # as Python 3.12 words it


def install(app: FastAPI, folder: Path, upload_origin: str | None) -> None:
    """Serve the web app in `folder` wherever `app` has no route."""
    web, missing = WebApp(folder, upload_origin), app.router.default

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        found = web.answer(Request(scope)) if scope["type"] == "http" else None
        await (found or missing)(scope, receive, send)

    app.router.default = serve


_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "same-origin"}
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>LocalClip API</title><link rel="icon" href="/favicon.svg">
{head}<div id="api"></div><script src="/docs/{library}"></script><script src="/docs/{start}"></script></html>
"""
_STARTS = {
    "swagger-ui.start.js": 'SwaggerUIBundle({url: "/openapi.json", dom_id: "#api", validatorUrl: null});\n',
    "redoc.start.js": 'Redoc.init("/openapi.json", {disableGoogleFont: true}, document.getElementById("api"));\n',
}
_COPIES = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "redoc.standalone.js": "text/javascript",
}


@router.get("/docs")
def docs() -> HTMLResponse:
    """Swagger UI."""
    style = '<link rel="stylesheet" href="/docs/swagger-ui.css">'
    page = _PAGE.format(head=style, library="swagger-ui-bundle.js", start="swagger-ui.start.js")
    return HTMLResponse(page, headers=_HEADERS)


@router.get("/redoc")
def redoc() -> HTMLResponse:
    """ReDoc."""
    page = _PAGE.format(head="", library="redoc.standalone.js", start="redoc.start.js")
    return HTMLResponse(page, headers=_HEADERS)


@router.get("/docs/{name}")
def copy(name: str, request: Request) -> Response:
    """A file of the two."""
    if name not in (*_STARTS, *_COPIES):
        raise not_found(f"'{name[:80]}'")
    return _copy(name).answer(request, {"Cache-Control": "max-age=3600"})


@cache
def _copy(name: str) -> Fixed:
    if name in _STARTS:
        return fixed(_STARTS[name].encode(), "text/javascript")
    return fixed(files("fastapi_offline").joinpath("static", name).read_bytes(), _COPIES[name])
