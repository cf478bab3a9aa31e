"""Which lines are one sentence, where a text may be broken, and how a translation comes back over its lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.pipeline import language
from shared.transcript import Said, going_on, lay_over, phrases, wrap_text


def said(*texts: str, gap_s: float = 0.1, speakers: str = "") -> list[Said]:
    who = speakers or "A" * len(texts)
    return [Said(text, n * (1 + gap_s), n * (1 + gap_s) + 1, who[n]) for n, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        (("We want to visit the", "mountains in the", "summer. It is", "good."), [True, True, True, False]),
        (("We met Mr. Smith in", "London. Then we left.", "I was glad."), [True, False, False]),
        (("No.", "Yes."), [False, False]),
        (("Well...", "maybe you are right."), [True, False]),
        (("Well...", "You are right."), [False, False]),
        (("It was him, I think.", "He ran to", "- Who?"), [False, False, False]),
        (("He said it.", "It rained on", "[PHONE RINGING]"), [False, False, False]),
        (("Das ist gut.", "Wir gehen in die", "Berge, weil es schön ist."), [False, True, False]),
        (("夏に山へ行きたい。", "天気が", "いいからです。"), [False, True, False]),
    ],
)
def test_a_sentence_goes_on_where_its_line_has_no_end(texts: tuple[str, ...], wanted: list[bool]) -> None:
    """A dash, a bracket, another speaker and a mark end it."""
    assert going_on(said(*texts)) == wanted


def test_another_speaker_and_a_long_pause_end_a_sentence() -> None:
    """After a pause only a small letter shows that it goes on."""
    assert going_on(said("We want", "To go.", speakers="AB")) == [False, False]
    assert going_on(said("We want", "to go.", speakers="AB", gap_s=0.6)) == [False, False]
    assert going_on(said("It is him.", "He went to", "London.", gap_s=2.0)) == [False, False, False]
    assert going_on(said("It is him.", "He went to", "the lake.", gap_s=2.0)) == [False, True, False]


def test_a_small_letter_goes_on_in_the_mouth_of_another() -> None:
    """Speakers of cues are heard, and sometimes wrongly; nobody begins with a small letter."""
    assert going_on(said("It is late. We want", "to go.", speakers="AB")) == [True, False]
    assert going_on(said("No...", "to go.", speakers="AB")) == [False, False]


def test_where_nobody_punctuates_a_missing_mark_says_nothing() -> None:
    """Japanese subtitles have no full stops; English without marks goes on with small letters."""
    assert going_on(said("夏に山へ行きたい", "天気がいいからです", "そうですね")) == [False, False, False]
    assert going_on(said("we want to", "go there", "Nobody knows why")) == [True, False, False]
    assert going_on([]) == []


def test_a_video_without_marks_is_not_one_sentence() -> None:
    """However many lines go on, a sentence ends after some."""
    found = going_on(said(*(["and so on"] * 40)))
    assert found.count(False) >= 5


def test_a_translation_is_cut_between_words_by_time_and_meaning() -> None:
    """Not after an article, rather after a comma."""
    text = (
        "Queremos visitar las montañas en el verano, porque el tiempo es normalmente muy bueno en aquel tiempo del año."
    )
    assert lay_over(text, [1.4, 1.2, 2.6, 1.8, 2.2], "es", spaces=True) == [
        "Queremos visitar",
        "las montañas",
        "en el verano, porque el tiempo",
        "es normalmente muy bueno",
        "en aquel tiempo del año.",
    ]
    assert lay_over("我们想在夏天去山里，因为那个时候天气通常很好。", [1.4, 1.2, 2.6], "zh", spaces=False) == [
        "我们想在夏天",
        "去山里，",
        "因为那个时候天气通常很好。",
    ]
    assert lay_over("No sé.", [1, 1, 1], "es", spaces=True) is None


@given(st.lists(st.sampled_from(["uno", "dos,", "tres.", "el", "montañas"]), min_size=1, max_size=30), st.data())
def test_no_word_is_lost_and_no_line_is_empty(words: list[str], data: st.DataObject) -> None:
    """Whatever the times are."""
    shares = data.draw(st.lists(st.floats(0, 9), min_size=1, max_size=len(words)))
    parts = lay_over(" ".join(words), shares, "es", spaces=True)
    assert parts is not None
    assert len(parts) == len(shares)
    assert all(parts)
    assert " ".join(parts).split() == words


def test_japanese_and_chinese_are_broken_between_phrases() -> None:
    """Not in "ゆっくり", "サイト", a figure or a Latin name."""
    text = "そこに泊まってゆっくり本を読んだりこのサイトでLocalClipを2024年から使っています"
    found = phrases(text, spaces=False)
    assert "".join(found) == text
    for whole in ("ゆっくり", "サイト", "LocalClip", "2024"):
        assert any(whole in piece for piece in found)
    rows = wrap_text(text, language("ja").subtitles, spaces=False)
    assert "".join(rows) == text
    assert all(len(row) <= 13 for row in rows)
    assert any("ゆっくり" in row for row in rows)


@given(st.text(alphabet="あっゃーンカ本山、。ab1", min_size=1, max_size=60))
def test_rows_of_any_text_fit(text: str) -> None:
    """Also where a phrase is longer than a row."""
    rows = wrap_text(text, language("ja").subtitles, spaces=False)
    assert "".join(rows) == text
    assert all(len(row) <= 13 or set(row[1:]) <= set("っゃー、。") for row in rows)


@pytest.mark.parametrize(
    ("code", "first", "rest"),
    [
        ("es", "en la casa de mi abuela durante", "tres semanas y luego volvemos"),
        ("en", "in the house of my grandmother for", "three weeks and then we return"),
        ("de", "im Haus meiner lieben Großmutter etwa", "drei Wochen und dann zurück"),
    ],
)
def test_a_number_stays_with_what_it_counts(code: str, first: str, rest: str) -> None:
    """Where time alone would put the break behind it."""
    number = rest.split()[0]
    wanted = len(first) + 1 + len(number)
    text = f"{first} {rest}"
    parts = lay_over(text, [wanted, len(text) - wanted], code, spaces=True)
    assert parts is not None
    assert not parts[0].endswith(number)
