"""Glossary routes: terms, files, who sees them."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import select
from starlette.requests import Request
from starlette.responses import Response

from services.gateway.db.engine import Database
from services.gateway.db.tables import TermRow
from services.gateway.library import glossary
from services.gateway.library import rows as library_rows
from services.gateway.library.schemas import Imported, TermWrite
from services.gateway.web.problems import Problem
from shared.testing import wait_until
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


def test_a_file_of_too_much_is_refused(empty: Gateway) -> None:
    """Columns times rows would fill the memory; the limit is named."""
    wide = "source_language,source," + ",".join(f"a{number}" for number in range(3000)) + "\n" + "en,x\n" * 2000
    long = "source_language,source\n" + "".join(f"en,t{number}\n" for number in range(10_001))
    for text, limit in ((wide, "at most 200"), (long, "at most 10000 rows")):
        answer = empty.http.post("/api/glossary/import", content=text.encode())
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_terms")
        assert limit in answer.json()["detail"]
    assert sources(empty) == []


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """One of each kind."""
    made = Database(database_url)
    yield made
    made.close()


def parts_of(database: Database) -> Any:
    return SimpleNamespace(database=database)


def file_of(*terms: str) -> bytes:
    return "\n".join(["source_language,target_language,source,target,pronunciation", *terms]).encode()


def bring(database: Database, *terms: str) -> Imported:
    return glossary._import(file_of(*terms), parts_of(database), "ann")


def terms_in(database: Database) -> list[tuple[Any, ...]]:
    with database.read() as session:
        rows = session.exec(select(TermRow).where(TermRow.owner == "ann").order_by(TermRow.source)).all()
        return [(row.source, row.target_language, row.target, row.pronunciation, row.version) for row in rows]


def test_an_import_adds_replaces_and_leaves(database: Database) -> None:
    """Of this account alone; what is replaced has the next version, and what is left keeps its own."""
    glossary._import(file_of("en,es,cloud,ciel,"), parts_of(database), "bob")
    assert bring(database, "en,es,cloud,nube,", "en,,Acme,,akmi").model_dump() == imported(2, 0, 0)
    again = bring(database, "en,es,cloud,la nube,klaud", "en,,Acme,,akmi", "en,fr,cloud,nuage,")
    assert again.model_dump() == imported(1, 1, 1)
    assert sorted(terms_in(database)) == [
        ("Acme", "", None, "akmi", 1),
        ("cloud", "es", "la nube", "klaud", 2),
        ("cloud", "fr", "nuage", None, 1),
    ]
    with database.read() as session:
        assert library_rows.term_values(session, "bob") == {("en", "es", "cloud"): ("ciel", None)}
        assert session.exec(select(TermRow.created_at)).first() is not None


def imported(added: int, updated: int, unchanged: int) -> dict[str, int]:
    return {"added": added, "updated": updated, "unchanged": unchanged}


def test_an_import_is_as_many_statements_as_a_short_one(database: Database) -> None:
    """However many terms there are: other writes wait for it."""
    counts: list[int] = []
    sa.event.listen(database.engine, "before_cursor_execute", lambda *_: counts.append(1))

    def statements(*terms: str) -> int:
        counts.clear()
        bring(database, *terms)
        return len(counts)

    few, many = [f"en,es,a{number},x," for number in range(2)], [f"en,es,b{number},x," for number in range(300)]
    assert statements(*many) == statements(*few)
    assert statements(*[one.replace("x", "y") for one in many]) == statements(*[one.replace("x", "y") for one in few])
    assert {term[2] for term in terms_in(database)} == {"y"}


def test_the_same_import_twice_at_once_is_one(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have read that there is no such term; whoever is later finds those of the other."""
    database, both = Database(postgres), threading.Barrier(2)
    read, waited = library_rows.term_values, threading.local()

    def read_together(session: Any, owner: str) -> Any:
        found = read(session, owner)
        if not hasattr(waited, "once"):
            waited.once = both.wait(60)
        return found

    monkeypatch.setattr(library_rows, "term_values", read_together)
    terms = [f"en,es,t{number},x," for number in range(50)]
    with ThreadPoolExecutor(2) as threads:
        answers = threads.map(lambda order: bring(database, *order), (terms, terms[::-1]))
        counts = sorted((one.added, one.updated, one.unchanged) for one in answers)
    assert counts == [(0, 0, 50), (50, 0, 0)]
    assert len(terms_in(database)) == 50
    database.close()


def put(database: Database, term_id: str) -> str:
    scope = {"type": "http", "headers": [(b"if-match", b'"1"')]}
    who: Any = SimpleNamespace(account="ann", claim=None)
    body = TermWrite(source_language="en", target_language="es", source="cloud", target="late")
    glossary.update_term(term_id, body, Request(scope), parts_of(database), who, Response())
    return "changed"


def remove(database: Database, term_id: str) -> str:
    who: Any = SimpleNamespace(account="ann", claim=None)
    glossary.delete_term(
        term_id, Request({"type": "http", "headers": [(b"if-match", b'"1"')]}), parts_of(database), who
    )
    return "removed"


@pytest.mark.parametrize("write", [put, remove])
def test_a_version_is_compared_with_what_others_just_made(postgres: str, write: Callable[[Database, str], str]) -> None:
    """Whoever comes while another changes the term waits, and is then told that it was changed."""
    database = Database(postgres)
    bring(database, "en,es,cloud,nube,")
    with ThreadPoolExecutor(1) as threads:
        with database.write() as session:
            row = session.exec(select(TermRow)).one()
            row.target, row.version = "first", 2
            session.flush()
            late = threads.submit(write, database, row.term_id)
            wait_until(lambda: is_waiting(database), 60, "nobody waits for the row")
        with pytest.raises(Problem) as refused:
            late.result(60)
    assert (refused.value.status, refused.value.code) == (412, "version_conflict")
    assert terms_in(database) == [("cloud", "es", "first", None, 2)]
    database.close()


def is_waiting(database: Database) -> bool:
    with database.read() as session:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return bool(session.execute(sa.text(waiting)).scalar())


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
