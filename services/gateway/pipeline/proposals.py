"""When a translator looks at the whole video before its first line, what it sees, and which of its proposals are
kept."""

from collections.abc import Collection, Sequence

from shared.messaging import Brief, BriefTerm, GlossaryTerm, LanguageBrief

FEWEST_LINES = 13
"""A model sees fewer lines than this at once anyway."""
MOST_TERMS = 60
_MOST_CHARS = 24_000
"""About eight thousand tokens: as much as small models take, with room for the answer."""
_PART_LINES = 20


def excerpt(texts: Sequence[str], most_chars: int = _MOST_CHARS) -> tuple[str, ...]:
    """All of `texts` if they are not too long; else parts of them, spread evenly and starting at the beginning."""
    if sum(map(len, texts)) <= most_chars:
        return tuple(texts)
    parts = [texts[start : start + _PART_LINES] for start in range(0, len(texts), _PART_LINES)]
    share = most_chars / sum(map(len, texts))
    found: list[str] = []
    owed, room = 1.0, most_chars
    for part in parts:
        if owed >= 1 and (size := sum(map(len, part))) <= room:
            found += part
            owed, room = owed - 1, room - size
        owed += share
    return tuple(found)


def with_proposal(
    brief: Brief, language: str, summary: str, terms: Collection[GlossaryTerm], known: Collection[str]
) -> Brief:
    """`brief` with what a translator proposed for `language`: nothing that a person wrote is replaced.

    `known` are the terms of the glossaries, which take precedence.
    """
    own = brief.languages.get(language, LanguageBrief())
    settled = {source.casefold() for source in (*known, *(term.source for term in own.terms))}
    new = [
        BriefTerm(source=term.source, target=term.target, proposed=True)
        for term in terms
        if term.target and term.source.casefold() not in settled
    ]
    kept = own.model_copy(update={"terms": (*own.terms, *new)[:MOST_TERMS]})
    changes: dict[str, object] = {"languages": {**brief.languages, language: kept}} if new else {}
    if summary.strip() and not brief.summary.strip():
        changes |= {"summary": summary.strip(), "summary_proposed": True}
    return brief.model_copy(update=changes)
