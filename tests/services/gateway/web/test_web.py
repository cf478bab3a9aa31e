"""The web app's files, its start page, and what is said when it is not built."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.gateway.conftest import Gateway, World, lone_gateway
from tests.services.gateway.pipeline.test_tasks import problem

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PAGE = "<!doctype html><title>LocalClip</title>" + " " * 2000


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with a built web app."""
    place = tmp_path_factory.mktemp("web")
    folder = place / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(PAGE)
    (folder / "assets" / "app-1a2b.js").write_text("export const answer = 42;" * 100)
    (folder / "favicon.svg").write_text("<svg/>")
    (place / "secret.txt").write_text("not for you")
    with lone_gateway(place, LOCALCLIP_WEB_DIR=str(folder)) as gateway:
        yield gateway


@pytest.mark.parametrize("path", ["/", "/dashboard", "/tasks/task_20260101_000000_00000000", "/settings", "/not/known"])
def test_every_page_is_the_app(built: Gateway, path: str) -> None:
    """The start page answers, is asked for anew each time, and forbids what comes from elsewhere."""
    answer = built.http.get(path, headers=BROWSER)
    assert (answer.status_code, answer.text) == (200, PAGE)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    again = built.http.get(path, headers=BROWSER | {"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_hashed_files_are_kept_and_compressed(built: Gateway) -> None:
    """A file whose name holds its hash never changes."""
    answer = built.http.get("/assets/app-1a2b.js", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("application/javascript")
    assert answer.text == "export const answer = 42;" * 100
    plain = built.http.get("/assets/app-1a2b.js", headers={"Accept-Encoding": "identity"})
    assert plain.text == answer.text
    assert built.http.get("/favicon.svg").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/assets/old.js", "/missing.png", "/api/nowhere", "/ws/nowhere", "/..%2fsecret.txt", "/%2e%2e/secret.txt"]
)
def test_what_is_no_page_is_not_found(built: Gateway, path: str) -> None:
    """A missing file, the API's own addresses, files beside the folder: a problem document, never the app."""
    assert problem(built.http.get(path, headers=BROWSER)) == (404, "not_found")


@pytest.mark.parametrize("path", ["/task", "/etc/passwd"])
def test_a_program_with_a_wrong_address_is_told_so(built: Gateway, path: str) -> None:
    """Only a browser that opens a page gets the app."""
    assert problem(built.http.get(path)) == (404, "not_found")


def test_pages_are_only_read(built: Gateway) -> None:
    """A POST to a page is not found."""
    assert problem(built.http.post("/dashboard")) == (404, "not_found")


def test_without_a_build_the_start_page_says_how(small_world: World, tmp_path: Path) -> None:
    """And other pages are not found."""
    gateway = small_world.gateway(LOCALCLIP_WEB_DIR=str(tmp_path / "nothing"))
    answer = gateway.http.get("/")
    assert answer.status_code == 200
    assert "make frontend" in answer.text
    assert problem(gateway.http.get("/dashboard", headers=BROWSER)) == (404, "not_found")
