"""Glossary routes: terms, files, who sees them."""

from typing import Any

import pytest

from tests.services.gateway.conftest import Gateway, World

TERM = {"source_language": "en", "target_language": "es", "source": "cloud", "target": "nube"}


@pytest.fixture
def empty(gateway: Gateway) -> Gateway:
    """The shared gateway without terms."""
    for term in gateway.http.get("/api/glossary").json():
        gateway.http.delete(f"/api/glossary/{term['term_id']}")
    return gateway


def sources(gateway: Gateway, **query: Any) -> list[str]:
    return [term["source"] for term in gateway.http.get("/api/glossary", params=query).json()]


def test_terms_are_made_changed_and_removed(empty: Gateway) -> None:
    """With a version for each change; a second term for the same text is refused."""
    made = empty.http.post("/api/glossary", json=TERM)
    assert (made.status_code, made.json()["version"], made.headers["etag"]) == (201, 1, '"1"')
    assert empty.http.post("/api/glossary", json=TERM).json()["code"] == "term_exists"
    url = f"/api/glossary/{made.json()['term_id']}"
    changed = empty.http.put(url, json={**TERM, "target": None, "pronunciation": "claud"}, headers={"If-Match": '"1"'})
    assert (changed.json()["target"], changed.json()["pronunciation"]) == (None, "claud")
    late = empty.http.put(url, json=TERM, headers={"If-Match": '"1"'})
    assert (late.status_code, late.json()["code"]) == (412, "version_conflict")
    assert empty.http.delete(url).status_code == 204
    assert empty.http.delete(url).status_code == 404
    assert sources(empty) == []


def test_terms_are_found(empty: Gateway) -> None:
    """A target language brings those for all languages along; text is looked for everywhere, letters as they are."""
    for term in (TERM, {**TERM, "target_language": "fr"}, {"source_language": "en", "source": "100% Acme"}):
        assert empty.http.post("/api/glossary", json=term).status_code == 201
    assert sources(empty, source="en", target="es") == ["100% Acme", "cloud"]
    assert sources(empty, q="NUBE") == ["cloud", "cloud"]
    assert sources(empty, q="0% a") == ["100% Acme"]
    assert sources(empty, q="_") == []
    assert empty.http.get("/api/glossary", params={"limit": 1}).headers["x-total-count"] == "3"


def test_a_file_comes_in_and_goes_out(empty: Gateway) -> None:
    """What was exported is imported again without a change; a spreadsheet's semicolons and mark are read."""
    head = "\ufeffSource_Language;target_language;source;target;pronunciation\r\n"
    rows = head + "EN;es;cloud;nube;\r\n;;;;\r\nen;;Acme;;akmi\r\n"
    answer = empty.http.post("/api/glossary/import", content=rows.encode(), headers={"Content-Type": "text/csv"})
    assert answer.json() == {"added": 2, "updated": 0, "unchanged": 0}
    exported = empty.http.get("/api/glossary/export")
    assert exported.headers["content-type"] == "text/csv; charset=utf-8"
    again = empty.http.post("/api/glossary/import", files={"file": ("terms.csv", exported.content)})
    assert again.json() == {"added": 0, "updated": 0, "unchanged": 2}
    changed = exported.text.replace("nube", "la nube")
    assert empty.http.post("/api/glossary/import", content=changed.encode()).json()["updated"] == 1


@pytest.mark.parametrize(
    ("rows", "pointers"),
    [
        ("source_language,source\nxx,cloud\nen,\nen,ok", ["/rows/2/source_language", "/rows/3/source"]),
        ("source_language,source\nen,a\nen,a", ["/rows/3/source"]),
        (f"source_language,source\nen,{'x' * 201}", ["/rows/2/source"]),
        ("source,target\na,b", None),
        ("", None),
        ('source_language,source\nen,"open', None),
    ],
)
def test_a_wrong_file_imports_nothing(empty: Gateway, rows: str, pointers: list[str] | None) -> None:
    """Every wrong row is named as a spreadsheet counts it."""
    answer = empty.http.post("/api/glossary/import", content=rows.encode())
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_terms")
    assert [error["pointer"] for error in answer.json().get("errors", [])] == (pointers or [])
    assert sources(empty) == []


def test_a_key_has_a_glossary_of_its_own(small_world: World) -> None:
    """Neither seen nor changed by another key."""
    gateway = small_world.gateway(LOCALCLIP_API_KEYS="ann:aaaaaaaaaaaaaaaa,bob:bbbbbbbbbbbbbbbb")
    ann, bob = ({"X-API-Key": letter * 16} for letter in "ab")
    made = gateway.http.post("/api/glossary", json=TERM, headers=ann)
    assert gateway.http.post("/api/glossary", json=TERM, headers=bob).status_code == 201
    url = f"/api/glossary/{made.json()['term_id']}"
    assert gateway.http.put(url, json=TERM, headers=bob).status_code == 404
    assert gateway.http.delete(url, headers=bob).status_code == 404
    assert len(gateway.http.get("/api/glossary", headers=ann).json()) == 1
    gateway.http.put("/api/settings", json={"default_languages": ["es"]}, headers=ann)
    assert gateway.http.get("/api/settings", headers=bob).json()["default_languages"] == []
