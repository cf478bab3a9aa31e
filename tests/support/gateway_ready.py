"""Import the gateway and have FastAPI make all of its routes, so that what is forked from here need not."""

from services.gateway.app import ROUTES

for _route in ROUTES.routes:
    _route.matches({"type": "http", "method": "GET", "path": "/", "root_path": "", "headers": []})
