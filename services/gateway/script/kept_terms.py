"""The glossaries of accounts, kept in memory while they are as the database has them."""

import threading
from collections import OrderedDict
from typing import NamedTuple
from weakref import WeakKeyDictionary

from services.gateway.db import Session
from services.gateway.script import rows as script_rows
from services.gateway.script.rows import TermsState
from services.gateway.script.terms import AccountTerms


class _Pair(NamedTuple):
    owner: str
    source_language: str
    target_language: str


class _Kept(NamedTuple):
    state: TermsState
    terms: AccountTerms


class KeptTerms:
    """The terms of the language pairs that were used last, up to `most` of them or one pair; for several threads.

    To read and prepare the 10 000 terms that an account may have takes twenty times as long as to ask the database
    whether they are still the same, which also tells what another gateway changed.
    """

    def __init__(self, most: int = 100_000) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[_Pair, _Kept] = OrderedDict()

    def of(self, session: Session, pair: _Pair) -> AccountTerms:
        """The terms of an account that count for a language pair."""
        state = script_rows.terms_state(session, pair.owner)
        with self._lock:
            known = self._kept.get(pair)
            if known is not None and known.state == state:
                self._kept.move_to_end(pair)
                return known.terms
        terms = AccountTerms.of(script_rows.terms_of_pair(session, *pair) if state.terms else [])
        if state.terms and script_rows.terms_state(session, pair.owner) != state:
            return terms  # changed while it was read, perhaps to be changed back
        with self._lock:
            self._kept[pair] = _Kept(state, terms)
            self._kept.move_to_end(pair)
            self._forget_the_oldest()
        return terms

    def _forget_the_oldest(self) -> None:
        size = sum(map(_size, self._kept.values()))
        while size > self._most and len(self._kept) > 1:
            size -= _size(self._kept.popitem(last=False)[1])


def _size(kept: _Kept) -> int:
    return 1 + len(kept.terms.said) + len(kept.terms.spoken)


_KEPT: WeakKeyDictionary[object, KeptTerms] = WeakKeyDictionary()  # by database
_OF_SESSION = "terms"


def terms_of_pair(session: Session, owner: str, source_language: str, target_language: str) -> AccountTerms:
    """What an account keeps for a language pair, as of when the transaction first asks.

    A transaction that changes terms must not ask: what it takes back would stay.
    """
    known: dict[_Pair, AccountTerms] = session.info.setdefault(_OF_SESSION, {})
    pair = _Pair(owner, source_language, target_language)
    if pair not in known:
        known[pair] = _KEPT.setdefault(session.get_bind(), KeptTerms()).of(session, pair)
    return known[pair]
