"""Who a speaker seems to be."""

from math import hypot

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.script.cast import Heard, Known, Proposal, bettered, blended, propose, similarity

ANN, BOB = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)
NEARLY_ANN = (0.9, 0.1, 0.0)


def heard(vector: tuple[float, ...], model: str = "m") -> Heard:
    return Heard(model, vector, 0.85)


def test_the_most_similar_pair_comes_first() -> None:
    """Both speakers are like Ann; the one who is more so gets the proposal, the other none."""
    cast = {"cast_a": Known("m", ANN), "cast_b": Known("m", BOB)}
    found = propose({"s1": heard(NEARLY_ANN), "s2": heard(ANN), "s3": heard((0.0, 0.0, 1.0))}, cast)
    assert found == {"s2": Proposal("cast_a", 1.0)}


def test_vectors_of_another_model_are_not_compared() -> None:
    """Their numbers mean something else."""
    assert propose({"s1": heard(ANN, "other")}, {"cast_a": Known("m", ANN)}) == {}


@pytest.mark.parametrize(("one", "other"), [((), ()), ((0.0, 0.0), (1.0, 0.0)), ((1.0,), (1.0, 0.0))])
def test_what_cannot_be_compared_is_not_similar(one: tuple[float, ...], other: tuple[float, ...]) -> None:
    """Rather than an error in the middle of a transcript."""
    assert similarity(one, other) == 0.0


def test_a_voice_of_another_model_is_not_mixed_in() -> None:
    """It takes the place of what is known where it is the newer one, and only then; nobody known is known by it."""
    old, new = Known("old", ANN, 4), Known("new", BOB)
    assert bettered(old, new, "new") == new
    assert bettered(new, old, "new") == new
    assert bettered(old, new, None) == old
    assert bettered(None, old, "new") == old
    assert bettered(Known("new", ANN), new, "new") == blended(Known("new", ANN), BOB)


Vectors = st.lists(st.floats(-1, 1), min_size=3, max_size=3).filter(lambda v: hypot(*v) > 0.1)


@given(st.lists(Vectors, min_size=1, max_size=5))
def test_a_person_is_the_mean_of_all_episodes(vectors: list[list[float]]) -> None:
    """The order does not matter much, the length is one, the count is right."""
    units = [[value / hypot(*vector) for value in vector] for vector in vectors]
    known = Known("m", units[0])
    for unit in units[1:]:
        known = blended(known, unit)
    assert known.episodes == len(units)
    assert hypot(*known.vector) == pytest.approx(1, abs=1e-3) or hypot(*known.vector) == 0


@given(st.dictionaries(st.sampled_from("abcd"), Vectors), st.dictionaries(st.sampled_from("wxyz"), Vectors))
def test_nobody_plays_two_parts(speakers: dict[str, list[float]], cast: dict[str, list[float]]) -> None:
    """And no proposal is below the threshold."""
    found = propose(
        {key: Heard("m", vector, 0.85) for key, vector in speakers.items()},
        {key: Known("m", vector) for key, vector in cast.items()},
    )
    members = [proposal.cast_id for proposal in found.values()]
    assert len(set(members)) == len(members)
    assert all(proposal.similarity >= 0.85 - 1e-4 for proposal in found.values())
