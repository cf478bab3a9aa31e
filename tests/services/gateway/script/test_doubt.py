"""How doubtful a transcript is, line by line and as a whole."""

from services.gateway.pipeline.questions import Question, is_open, question_of, unsettled
from services.gateway.script.doubt import DOUBTFUL, doubts, sounds_like, sureness_of
from shared.transcript import MediaFacts, Segment, Transcript, Word

MEDIA = MediaFacts(container="mov", duration_s=60)


def segment(number: int, text: str = "line", sure: float = 0.9, heard: str | None = None, by: float = 0.99) -> Segment:
    words = [Word(text=word, start_s=number, end_s=number + 0.5, probability=sure) for word in text.split()]
    return Segment(
        id=f"s{number}",
        start_s=number,
        end_s=number + 1,
        speaker_id="spk_1",
        text=text,
        words=tuple(words),
        language=heard,
        language_confidence=by if heard else None,
    )


def transcript(*segments: Segment, assumed: bool = False, confidence: float | None = None) -> Transcript:
    return Transcript(
        source_language="en",
        source_language_assumed=assumed,
        source_language_confidence=confidence,
        media=MEDIA,
        segments=segments,
    )


def found(of: Transcript, most: float | None = 0.5) -> list[tuple[str, str]]:
    sure = [sureness_of(one, of.source_language) for one in of.segments]
    return [(one.code, one.text) for one in doubts(of, sure, most)]


def test_a_line_is_as_sure_as_its_language() -> None:
    """Whisper is sure of the words of another language, which it writes down or translates."""
    assert sureness_of(segment(0, heard="en"), "en") == 0.9
    assert sureness_of(segment(0, heard="zh"), "en") == 0.01
    assert sureness_of(segment(0, heard="zh", by=0.4), "en") == 0.6
    assert sureness_of(segment(0, "그래요 그래요 there"), "zh") == 0.0
    assert sureness_of(segment(0, "他 有 一 台 iPhone"), "zh") == 0.9
    assert sureness_of(segment(0, "カメラ を 買った"), "ja") == 0.9
    assert sureness_of(segment(0, "été à 5 %"), "fr") == 0.9
    brought = segment(0).model_copy(update={"words": (), "text": "그요"})
    assert sureness_of(brought, "en") is None


def test_speech_that_sounds_like_another_language_is_said_to_be() -> None:
    """By most of the time, and by its name also where it is none of those offered."""
    of = transcript(segment(0, heard="zh"), segment(1, heard="zh"), segment(2, heard="en"))
    assert found(of) == [("other_language", "This may not be English: most of it sounds like Chinese.")]
    assert sounds_like(of) == "zh"
    assert found(transcript(segment(0, heard="ru"))) == [
        ("other_language", "This may not be English: most of it sounds like the language 'ru'.")
    ]
    assert found(transcript(segment(0, heard="zh"), segment(1, heard="en"), segment(2))) == []
    assert found(transcript(segment(0, heard="zh", by=0.4))) == []


def test_poor_recognition_is_told_with_how_many_lines_and_a_language_that_was_assumed() -> None:
    """More lines than the gate lets pass; what it lets pass is asked of nobody."""
    poor = [segment(number, sure=DOUBTFUL - 0.1) for number in range(2)]
    text = "Recognition is poor here: the recognizer was unsure of 2 of 3 lines."
    assert found(transcript(*poor, segment(2))) == [("poor_recognition", text)]
    codes = [code for code, _ in found(transcript(*poor, segment(2), assumed=True))]
    assert codes == ["language_assumed", "poor_recognition"]
    assert found(transcript(poor[0], segment(2), assumed=True)) == []
    assert found(transcript(*poor), most=None) == []
    assert found(transcript()) == []


def test_a_language_the_recognizer_guessed_at_is_doubtful() -> None:
    """Less than even."""
    assert [code for code, _ in found(transcript(segment(0), confidence=0.4))] == ["language_unsure"]
    assert found(transcript(segment(0), confidence=0.6)) == []


def test_what_a_person_said_is_not_asked_again() -> None:
    """Which language it is; that recognition is poor all the same, is."""
    sure = [0.1]
    of = doubts(transcript(segment(0), assumed=True), sure, 0.5)
    before = Question(question_id="q", reasons=of, language="zh", answer="language", answer_language="en")
    assert [one.code for one in unsettled(of, before, "en")] == ["poor_recognition"]
    assert unsettled(of, before, "es") == of
    assert unsettled(of, None, "en") == of
    stored = before.model_dump(mode="json")
    assert question_of(stored) == before
    assert (is_open(stored), is_open(stored | {"answer": None}), is_open(None)) == (False, True, False)
    assert before.mend == (
        "Say which language is spoken; or bring subtitles, or choose a better recognition model "
        "(`localclip models list`)."
    )
