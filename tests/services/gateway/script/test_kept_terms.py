"""Glossaries are read once, and again as soon as anybody changed them."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session, col, delete, select

from services.gateway.db.engine import Database
from services.gateway.db.tables import TermRow
from services.gateway.library import rows as library_rows
from services.gateway.script import rows as script_rows
from services.gateway.script.kept_terms import KeptTerms, _Pair, terms_of_pair


class Gateway:
    """One of the gateways with this database; tells which statements it sends."""

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        self.statements: list[str] = []
        event.listen(self.database.engine, "before_cursor_execute", self._note)

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self.statements.append(statement)

    def sources(self, owner: str = "a", target: str = "es") -> list[str]:
        """What is found for English, in a new transaction."""
        self.statements.clear()
        with self.database.read() as session:
            found = [term.source for term in terms_of_pair(session, owner, "en", target).said]
            asked = len(self.statements)
            assert [term.source for term in terms_of_pair(session, owner, "en", target).said] == found
            assert len(self.statements) == asked
        return found

    def has_read(self) -> bool:
        """Whether terms were read for that, not only asked whether they are the same."""
        return any("pronunciation" in statement for statement in self.statements)

    def change(self, what: Any) -> None:
        """Do `what` with a session and the newest of the terms."""
        with self.database.write() as session:
            what(session, session.exec(select(TermRow).order_by(col(TermRow.id).desc())).first())

    def close(self) -> None:
        self.database.close()


def _term(source: str, **more: Any) -> TermRow:
    return TermRow(**{"term_id": f"id {source}", "owner": "a", "source_language": "en", "source": source} | more)


@pytest.fixture
def gateways(database_url: str) -> Iterator[tuple[Gateway, Gateway]]:
    """Two with one database, which has three terms."""
    both = Gateway(database_url), Gateway(database_url)
    both[0].database.migrate()
    with both[0].database.write() as session:
        session.add_all([_term("one"), _term("two", target_language="es"), _term("drei", target_language="de")])
    yield both
    for one in both:
        one.close()


def test_terms_are_read_once(gateways: tuple[Gateway, Gateway]) -> None:
    """Each pair of each account for itself; later it is only asked, with one statement, whether they are the same."""
    gateway, _ = gateways
    for owner, target, expected in (("a", "es", ["one", "two"]), ("a", "de", ["drei", "one"]), ("b", "es", [])):
        assert gateway.sources(owner, target) == expected
        assert gateway.has_read() == bool(expected)
        assert gateway.sources(owner, target) == expected
        assert not gateway.has_read()
        assert sum("glossary_terms" in statement for statement in gateway.statements) == 1


def _replace(session: Session, newest: TermRow) -> None:
    values = {name: getattr(newest, name) for name in ("source_language", "target_language", "source")}
    library_rows.replace_terms(session, "a", [values | {"target": "dos", "pronunciation": None}])


def _rename(session: Session, newest: TermRow) -> None:
    newest.source, newest.version = "another", newest.version + 1


def _move(session: Session, newest: TermRow) -> None:
    newest.target_language, newest.version = "fr", newest.version + 1


def _another_in_place(session: Session, newest: TermRow) -> None:
    """SQLite gives it the same number."""
    session.delete(newest)
    session.flush()
    session.add(_term("another"))


def _remove_first(session: Session, newest: TermRow) -> None:
    session.exec(delete(TermRow).where(col(TermRow.source) == "one"))


@pytest.mark.parametrize("change", [_replace, _rename, _move, _another_in_place, _remove_first])
def test_every_change_is_seen_whoever_makes_it(gateways: tuple[Gateway, Gateway], change: Any) -> None:
    """Also by another gateway: one that is added, replaced, renamed, moved to another language, or removed."""
    gateway, other = gateways
    other.change(lambda session, _: session.add(_term("last", target_language="es")))
    assert gateway.sources() == ["last", "one", "two"]
    other.change(change)
    with gateway.database.read() as session:
        expected = script_rows.terms_of_pair(session, "a", "en", "es")
    gateway.sources()
    assert gateway.has_read()
    with gateway.database.read() as session:
        assert list(terms_of_pair(session, "a", "en", "es").said) == expected
    other.change(lambda session, _: session.exec(delete(TermRow)))
    assert gateway.sources() == []


def test_a_change_that_is_taken_back_is_none(gateways: tuple[Gateway, Gateway]) -> None:
    """Nothing is read again."""
    gateway, other = gateways
    gateway.sources()
    with pytest.raises(ZeroDivisionError):
        other.change(lambda session, newest: (session.delete(newest), session.flush(), 1 / 0))
    assert gateway.sources() == ["one", "two"]
    assert not gateway.has_read()


def test_not_more_terms_are_kept_than_are_wanted(gateways: tuple[Gateway, Gateway]) -> None:
    """Those that were not used for longest go first; a single pair stays, however large."""
    gateway, _ = gateways
    es, de, fr = (_Pair("a", "en", target) for target in ("es", "de", "fr"))
    for most, read_again in ((0, [es, de]), (7, [de]), (8, [])):
        kept = KeptTerms(most)
        with gateway.database.read() as session:
            for pair in (es, de, es, fr):
                kept.of(session, pair)
            gateway.statements.clear()
            kept.of(session, fr)
            assert not gateway.has_read()
            kept.of(session, es)
            assert gateway.has_read() == (es in read_again)
            gateway.statements.clear()
            kept.of(session, de)
            assert gateway.has_read() == (de in read_again)


def test_what_changes_while_it_is_read_and_changes_back_is_not_kept(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A term that another gateway adds just then, and removes again, is in use no longer."""
    one, two = Gateway(postgres), Gateway(postgres)
    one.database.migrate()
    with one.database.write() as session:
        session.add(_term("one"))
    read = script_rows.terms_of_pair

    def read_late(session: Session, *pair: str) -> Any:
        two.change(lambda other, _: other.add(_term("gone")))
        monkeypatch.setattr(script_rows, "terms_of_pair", read)
        return read(session, *pair)

    monkeypatch.setattr(script_rows, "terms_of_pair", read_late)
    with one.database.read() as session:
        assert [term.source for term in terms_of_pair(session, "a", "en", "es").said] == ["gone", "one"]
    two.change(lambda other, newest: other.delete(newest))
    assert one.sources() == ["one"]
    one.close()
    two.close()
