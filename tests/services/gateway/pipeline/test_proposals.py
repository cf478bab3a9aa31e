"""What a translator sees of a whole video."""

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.pipeline.proposals import excerpt
from services.gateway.script.terms import with_brief_terms
from shared.messaging import BriefTerm, GlossaryTerm, LanguageBrief


@given(st.integers(1, 3000), st.integers(1, 200))
def test_a_long_video_is_seen_in_parts(count: int, size: int) -> None:
    """In order, from its beginning to near its end, and never more than a model takes."""
    texts = [f"{number} ".ljust(size, "x") for number in range(count)]
    seen = excerpt(texts, 5000)
    assert sum(map(len, seen)) <= 5000 or len(seen) == count
    numbers = [int(text.split("x")[0]) for text in seen]
    assert numbers == sorted(set(numbers))
    if sum(map(len, texts)) <= 5000:
        assert seen == tuple(texts)
    elif 20 * size * 4 <= 5000:
        assert numbers[0] == 0
        assert numbers[-1] >= count / 2


def test_terms_of_the_brief_come_last() -> None:
    """What the glossaries say goes before."""
    own = LanguageBrief(terms=(BriefTerm(source="sea", target="mar"), BriefTerm(source="cat", target="gato")))
    found = with_brief_terms([GlossaryTerm(source="cat", target="minino")], own.terms)
    assert [(term.source, term.target) for term in found] == [("cat", "minino"), ("sea", "mar")]
    assert with_brief_terms(found, ()) == found
