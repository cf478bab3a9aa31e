"""`/docs` and `/redoc`: the API to read and to try, from copies of our own; nothing is loaded from elsewhere."""

from importlib.resources import files

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from services.gateway.api.problems import not_found

router = APIRouter(include_in_schema=False)
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
def copy(name: str) -> Response:
    """A file of the two."""
    kept = {"Cache-Control": "max-age=3600"}
    if name in _STARTS:
        return Response(_STARTS[name], headers=kept, media_type="text/javascript")
    if name not in _COPIES:
        raise not_found(f"'{name[:80]}'")
    content = files("fastapi_offline").joinpath("static", name).read_bytes()
    return Response(content, headers=kept, media_type=_COPIES[name])
