"""The recognizer on real CTranslate2 models that say what the test tells them to."""

import dataclasses
import hashlib
import subprocess
from itertools import pairwise

import ctranslate2
import faster_whisper
import numpy as np
import pytest

from services.diarizer.clips import as_recording
from services.diarizer.engines import Recognizer, Span, create_engines, create_recognizer
from services.diarizer.engines._pieces import whole_words
from services.diarizer.engines._whisper import Whisper, _ended
from services.diarizer.settings import DiarizerSettings
from services.diarizer.wording import units
from shared.models import ModelSettings, _find, catalogued
from shared.models._contents import File
from shared.pipeline import Canceled, ErrorCode, PermanentError, language
from shared.transcript import Word
from tests.support.real_weights import real_weights
from tests.support.scripted_whisper import LANGUAGES, Script, build_whisper

RATE_HZ = 16_000
CPU = ModelSettings(device="cpu", compute_type="float32")  # bytes blur the times of so small a model
SENTENCE = ["hello", "brave", "new", "world"]


def ignore(part):
    """A report nobody reads."""


def recognizer_of(folder, script=None, **settings) -> Recognizer:
    path = build_whisper(folder / "scripted", script)
    return create_recognizer(DiarizerSettings(recognizer="faster-whisper", recognizer_model=str(path), **settings), CPU)


@pytest.fixture(scope="module")
def recognizer(tmp_path_factory):
    """One that says the sentence whatever it hears."""
    return recognizer_of(tmp_path_factory.mktemp("whisper"), recognizer_batch=2)


@pytest.fixture
def noise(record):
    """A recording of so many seconds in which nothing is said."""
    return lambda seconds: record(np.random.default_rng(0).normal(0, 0.1, int(seconds * RATE_HZ)).astype(np.float32))


@pytest.fixture
def heard_again():
    """What words do not account for is recognized again, as in the product."""


@pytest.fixture(autouse=True)
def heard_once(request, monkeypatch):
    """It is not: the model would say its sentence again to any sound that is longer."""
    if "heard_again" not in request.fixturenames:
        monkeypatch.setattr("services.diarizer.engines.whisper.unheard", lambda speech, words: [])


def texts(found):
    return [word.text for word in found.words]


def test_words_are_placed_in_the_recording(recognizer, noise):
    """Chunk by chunk, the sound before and after speech counted; pauses that were left out are not."""
    found = recognizer.recognize(noise(100), [Span(10, 12), Span(38, 38.9), Span(40, 65), Span(70, 75)], "en", ignore)
    assert texts(found) == SENTENCE * 3
    # 0.4 s before speech are heard, too
    assert [word.start_s for word in found.words[:4]] == pytest.approx([9.6, 10.02, 10.42, 10.8], abs=0.03)
    assert [word.start_s for word in found.words[4::4]] == pytest.approx([39.6, 69.6], abs=0.4)
    assert all(0.9 <= word.probability <= 1 for word in found.words)
    assert all(before.end_s <= after.start_s for before, after in pairwise(found.words))


def test_what_the_model_left_out_is_recognized_again(recognizer, noise, heard_again):
    """The end of a stretch, and stretches after it, each by itself; 0.9 s are no speech for certain."""
    found = recognizer.recognize(noise(31), [Span(1, 12), Span(20, 22), Span(28, 28.9)], "en", ignore)
    assert texts(found) == SENTENCE * 3
    assert [word.start_s for word in found.words[::4]] == pytest.approx([0.6, 2.2, 19.6], abs=0.2)
    assert all(before.end_s <= after.start_s for before, after in pairwise(found.words))


def test_a_real_model_hears_what_it_left_out(tmp_path, heard_again, monkeypatch):
    """The second half of what is said without a pause: at the first try its words end before."""
    said = "The train is better. The weather is usually very good. I will buy the tickets tomorrow morning."
    path = tmp_path / "said.wav"
    subprocess.run(["flite", "-voice", "rms", "-t", said, "-o", str(path)], check=True)
    recording = as_recording(path, tmp_path / "said.pcm")
    hear, asked = Whisper.hear, []

    def cut_short(self, sounds, *args):
        heard = hear(self, sounds, *args)
        asked.append(len(sounds))
        if len(asked) > 1:
            return heard
        return [(dataclasses.replace(passage, words=passage.words[:4]), tongue) for passage, tongue in heard]

    settings = DiarizerSettings(recognizer="faster-whisper", recognizer_model="whisper-tiny.en")
    recognizer = create_recognizer(settings, real_weights("whisper-tiny.en"))
    monkeypatch.setattr(Whisper, "hear", cut_short)
    found = recognizer.recognize(recording, [Span(0, recording.duration_s)], "en", ignore)
    assert units(" ".join(texts(found)), language("en")) == units(said, language("en"))
    assert asked == [1, 1]


def test_what_is_said_in_a_batch_stays_with_its_chunk(recognizer, noise):
    """Also when the chunks of a batch have odd lengths, and where the last batch is not full."""
    speech = [Span(at_s, at_s + 27.77) for at_s in (1.0, 31.31, 62.0, 95.5, 130.03)]
    found = recognizer.recognize(noise(160), speech, "en", ignore)
    assert texts(found) == SENTENCE * 5
    starts = [word.start_s for word in found.words[::4]]
    assert starts == pytest.approx([span.start_s - 0.4 for span in speech], abs=0.03)


@pytest.mark.parametrize(
    ("code", "said", "expected"),
    [
        ("en", "a cold|-|hearted man paid $|12|,|500.", ["a", "cold-hearted", "man", "paid", "$12,500."]),
        ("fr", "C|'|est aujourd|’|hui -|t|-|il", ["C'est", "aujourd’hui", "-t-il"]),
        ("zh", "我|喜|欢 New Y|ork Times|。", ["我", "喜", "欢", "New", "York", "Times。"]),
    ],
)
def test_pieces_without_a_space_belong_to_the_word_before(tmp_path, noise, code, said, expected):
    """Words come whole, and last from their first piece to their last."""
    recognizer = recognizer_of(tmp_path, Script(said, language=code))
    found = recognizer.recognize(noise(12), [Span(1, 11)], code, ignore)
    assert texts(found) == expected
    assert all(before.end_s <= after.start_s for before, after in pairwise(found.words))


def test_chinese_is_asked_for_with_punctuation(tmp_path, noise, monkeypatch):
    """By a sentence said to come before; other languages have it without."""
    told = []
    transcribe = faster_whisper.BatchedInferencePipeline.transcribe

    def listen(self, *args, initial_prompt=None, **kwargs):
        told.append(initial_prompt)
        return transcribe(self, *args, initial_prompt=initial_prompt, **kwargs)

    recognizer = recognizer_of(tmp_path, Script("你|好。", language="zh"))
    monkeypatch.setattr(faster_whisper.BatchedInferencePipeline, "transcribe", listen)
    for code in ("zh", "ja"):
        recognizer.recognize(noise(5), [Span(1, 4)], code, ignore)
    assert told == ["以下是普通话的句子。", None]


def test_a_sentence_that_was_not_ended_is_kept():
    """The sound of a chunk may be over before the model says that a sentence is; without times nothing is added."""
    assert _ended([100, 1, 2, 140, 140, 3], 100) == [100, 1, 2, 140, 140, 3, 1600]
    assert _ended([100, 1, 2, 140], 100) == [100, 1, 2, 140]
    assert _ended([1, 2], 100) == [1, 2]
    assert _ended([], 100) == []


def test_a_word_lasts_as_long_as_its_pieces():
    """And is as sure as its letters are on average; a mark adds neither a letter nor, at the start, a word."""
    pieces = [
        Word(text=text, start_s=start_s, end_s=start_s + 0.4, probability=sure)
        for text, start_s, sure in [(" cold", 1.0, 1.0), ("-hearted", 1.4, 0.5), (" ...", 1.9, 0.1), (" man", 3.0, 0.9)]
    ]
    cold, man = whole_words(pieces, spaces=True)
    assert (cold.text, cold.start_s, cold.end_s, cold.probability) == ("cold-hearted...", 1.0, 2.3, 0.682)
    assert (man.text, man.start_s, man.probability) == ("man", 3.0, 0.9)


def test_the_language_is_found(tmp_path, noise):
    """By vote, with its confidence, and again for every stretch; one that is given is taken."""
    recognizer = recognizer_of(tmp_path, Script("안녕하세요 여러분", language="ko"))
    speech = [Span(1, 28), Span(32, 60)]
    found = recognizer.recognize(noise(61), speech, None, ignore)
    assert (found.language, texts(found)) == ("ko", ["안녕하세요", "여러분"] * 2)
    assert found.confidence == pytest.approx(1, abs=0.01)
    assert [(one.language, round(one.start_s, 1)) for one in found.languages] == [("ko", 0.6), ("ko", 31.6)]
    given = recognizer.recognize(noise(61), speech, "ja", ignore)
    assert (given.language, given.confidence) == ("ja", None)
    assert {one.language for one in given.languages} == {"ko"}


def test_a_language_that_is_not_offered_is_refused(tmp_path, noise):
    """With what it sounds like and what to do if that is wrong."""
    recognizer = recognizer_of(tmp_path, Script(language="pt", languages=(*LANGUAGES, "pt")))
    with pytest.raises(PermanentError, match=r"'pt' \(confidence 1\.0\).*German.*source language") as refused:
        recognizer.recognize(noise(5), [Span(1, 4)], None, ignore)
    assert refused.value.code is ErrorCode.LANGUAGE_UNSUPPORTED


def test_a_model_of_english_knows_english(tmp_path, noise):
    """It is not asked for a language."""
    recognizer = recognizer_of(tmp_path, Script(languages=("en",)))
    assert recognizer.info.languages == ("en",)
    assert "multilingual" in recognizer.info.hint
    found = recognizer.recognize(noise(5), [Span(1, 4)], None, ignore)
    assert (found.language, found.confidence, found.languages, texts(found)) == ("en", None, (), SENTENCE)


def test_no_speech_no_words(recognizer, noise):
    """Nothing to hear is not an error."""
    assert recognizer.recognize(noise(5), [], "en", ignore).words == ()


def test_words_end_with_the_sound(tmp_path, noise):
    """What the model goes on to say after its end is left out, and no word lasts longer than the speech around it."""
    recognizer = recognizer_of(tmp_path, Script(" ".join(f"word{number}" for number in range(20))))
    found = recognizer.recognize(noise(10), [Span(7, 10)], "en", ignore)
    assert texts(found) == [f"word{number}" for number in range(len(found.words))]
    assert len(found.words) in (8, 9)
    assert found.words[-1].end_s <= 10


def test_a_loop_is_said_once(tmp_path, noise):
    """A phrase without end is doubted; said again without end, it counts once."""
    recognizer = recognizer_of(tmp_path, Script("ha hi ho", loop=True))
    assert texts(recognizer.recognize(noise(8), [Span(1, 7)], "en", ignore)) == ["ha", "hi", "ho"]


def test_doubtful_speech_is_recognized_again(tmp_path, noise):
    """A model that is unsure and babbles is asked again, at higher temperatures; its first words stay."""
    ctranslate2.set_random_seed(3)  # what is drawn at a temperature may be doubtful as well
    recognizer = recognizer_of(tmp_path, Script(gain=0.12))
    found = recognizer.recognize(noise(8), [Span(1, 2.4)], "en", ignore)
    assert texts(found)[:2] == SENTENCE[:2]
    assert len(found.words) < 12


@pytest.mark.parametrize("samples", [1, 160, 320, 1600])
def test_a_sound_of_next_to_nothing_is_no_failure(tmp_path, samples):
    """faster-whisper fails on a single frame when it recognizes one chunk alone."""
    model = Whisper(build_whisper(tmp_path / "scripted"), CPU)
    sound = np.zeros(samples, np.float32)
    assert model.hear([sound], "en", None)[0][0].text == " ".join(SENTENCE)
    assert model.hear_again(sound, "en").text in ("", " ".join(SENTENCE))


def test_what_is_said_in_silence_is_left_out(tmp_path, noise):
    """Where the model is sure that nobody speaks and unsure of its words."""
    recognizer = recognizer_of(tmp_path, Script(silence=True, gain=0.08))
    assert recognizer.recognize(noise(8), [Span(1, 7)], "en", ignore).words == ()


@pytest.mark.parametrize("silence", [True, False])
def test_phrases_of_subtitles_are_believed_only_where_somebody_speaks(tmp_path, noise, silence):
    """People do say thank you for watching."""
    recognizer = recognizer_of(tmp_path, Script("Thank you for watching.", silence=silence))
    found = recognizer.recognize(noise(8), [Span(1, 7)], "en", ignore)
    assert texts(found) == ([] if silence else ["Thank", "you", "for", "watching."])


def test_hotwords_are_told_as_far_as_there_is_room(recognizer, noise, monkeypatch):
    """The first ones, with room left for the answer."""
    told = []
    transcribe = faster_whisper.BatchedInferencePipeline.transcribe

    def listen(self, *args, hotwords=None, **kwargs):
        told.append(hotwords)
        return transcribe(self, *args, hotwords=hotwords, **kwargs)

    monkeypatch.setattr(faster_whisper.BatchedInferencePipeline, "transcribe", listen)
    for hotwords in ([], ["Zorblax", "Acme"], [f"term{number}" for number in range(400)]):
        found = recognizer.recognize(noise(5), [Span(1, 4)], "en", ignore, hotwords)
        assert texts(found) == SENTENCE
    assert told[:2] == [None, "Zorblax, Acme"]
    assert told[2].startswith("term0, term1, ")
    assert len(told[2]) <= 100  # a token of this model is a byte


def test_a_batch_that_is_too_large_for_the_memory_is_halved(tmp_path, noise, monkeypatch):
    """Every chunk is recognized all the same, and later batches are small from the start."""
    recognizer, sizes = recognizer_of(tmp_path, recognizer_batch=8), []
    encode = faster_whisper.WhisperModel.encode

    def hungry(self, features):
        sizes.append(len(features) if features.ndim == 3 else 1)
        if sizes[-1] > 2:
            raise RuntimeError("CUDA failed with error out of memory")
        return encode(self, features)

    monkeypatch.setattr(faster_whisper.WhisperModel, "encode", hungry)
    speech = [Span(30 * number + 1, 30 * number + 28) for number in range(5)]
    assert texts(recognizer.recognize(noise(151), speech, "en", ignore)) == SENTENCE * 5
    assert sizes == [5, 4, 2, 2, 1]
    recognizer.recognize(noise(151), speech, "en", ignore)
    assert sizes[5:] == [2, 2, 1]


def test_short_recordings_are_heard_side_by_side(tmp_path, record, monkeypatch):
    """Packed, and by itself what is not understood there; a long one is several chunks, an empty one says nothing."""
    recognizer, sizes = recognizer_of(tmp_path, recognizer_batch=8), []
    hear = Whisper.hear
    monkeypatch.setattr(
        Whisper, "hear", lambda self, sounds, *args: (sizes.append(len(sounds)), hear(self, sounds, *args))[1]
    )
    silences = [record(np.zeros(int(length_s * RATE_HZ), np.float32)) for length_s in (2, 0, 50, 3)]
    found = recognizer.recognize_each(silences, "en", ignore)
    assert [[word.text for word in words] for words in found] == [SENTENCE, [], SENTENCE * 2, SENTENCE]
    assert sizes == [1, 3], "two packed, of whom one was understood; the other and the long one by themselves"
    assert recognizer.recognize_each([], "en", ignore) == []


def test_progress_is_told_and_cancellation_heard(recognizer, noise):
    """After every batch; what was stopped can be done again."""
    speech = [Span(30 * number + 1, 30 * number + 28) for number in range(6)]
    told = []
    recognizer.recognize(noise(181), speech, "en", told.append)
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0, 1)
    assert len(told) >= 6

    def stop(part):
        if part > 0.3:
            raise Canceled

    with pytest.raises(Canceled):
        recognizer.recognize(noise(181), speech, "en", stop)
    assert texts(recognizer.recognize(noise(181), speech, "en", ignore)) == SENTENCE * 6


def test_it_tells_what_it_is(recognizer, tmp_path):
    """The licence is that of the weights: known of those that LocalClip fetches, of others not."""
    assert recognizer.info.name == "faster-whisper"
    assert recognizer.info.version.endswith("(scripted, float32)")
    assert recognizer.info.languages == LANGUAGES
    assert (recognizer.info.licence, recognizer.info.commercial_use) == ("unknown", False)
    build_whisper(tmp_path / "whisper-small", Script())
    settings = DiarizerSettings(recognizer="faster-whisper", recognizer_model="whisper-small")
    known = create_recognizer(settings, ModelSettings(models_dir=tmp_path, device="cpu"))
    assert (known.info.licence, known.info.commercial_use) == ("MIT", True)
    assert known.info.version.endswith("(whisper-small, int8)")


def test_known_weights_are_known_wherever_they_lie(tmp_path, monkeypatch):
    """Their licence goes with their bytes, not with the name of the folder."""
    folder = build_whisper(tmp_path / "mine")
    weights = (folder / "model.bin").read_bytes()
    largest = File("model.bin", len(weights), hashlib.sha256(weights).hexdigest(), ())
    monkeypatch.setattr(_find, "CATALOGUE", (dataclasses.replace(catalogued("whisper-base"), contents=(largest,)),))
    settings = DiarizerSettings(recognizer="faster-whisper", recognizer_model=str(folder))
    info = create_recognizer(settings, CPU).info
    assert (info.licence, info.commercial_use) == ("MIT", True)


def test_the_second_try_takes_two_looks(tmp_path, noise, monkeypatch):
    """Whatever the model doubts costs a bounded time more."""
    recognizer, asked = recognizer_of(tmp_path, Script(gain=0.12)), []
    again = faster_whisper.WhisperModel.generate_with_fallback

    def look(self, encoded, prompt, tokenizer, options):
        asked.append(options.temperatures)
        return again(self, encoded, prompt, tokenizer, options)

    monkeypatch.setattr(faster_whisper.WhisperModel, "generate_with_fallback", look)
    recognizer.recognize(noise(8), [Span(1, 2.4)], "en", ignore)
    assert asked
    assert all(list(temperatures) == [0.2, 0.6] for temperatures in asked)


def test_a_model_that_is_not_there_is_named(tmp_path):
    """With the command that fetches it."""
    with pytest.raises(PermanentError, match="localclip models pull whisper-large-v3-turbo") as refused:
        create_engines(DiarizerSettings(profile="neural"), ModelSettings(models_dir=tmp_path))
    assert refused.value.code is ErrorCode.ENGINE_UNAVAILABLE


@pytest.mark.parametrize("harm", ["tokenizer.json", "model.bin"])
def test_a_damaged_model_is_not_loaded(tmp_path, harm):
    """A file that is missing would be downloaded, one that is broken says nothing."""
    folder = build_whisper(tmp_path / "scripted")
    if harm == "model.bin":
        (folder / harm).write_bytes((folder / harm).read_bytes()[:1000])
    else:
        (folder / harm).unlink()
    with pytest.raises(PermanentError) as refused:
        create_recognizer(DiarizerSettings(recognizer="faster-whisper", recognizer_model=str(folder)), CPU)
    assert refused.value.code is ErrorCode.ENGINE_UNAVAILABLE
    assert str(folder) in refused.value.message


def test_the_stage_writes_down_what_it_hears(bench, dialogue_video, recognizer):
    """Sentences as they are, the language of the video and of each line with its confidence."""
    bench.engines = dataclasses.replace(bench.engines, recognizer=recognizer)
    run = bench.run(dialogue_video, hotwords=("Acme",))
    assert (run.transcript.source_language, run.transcript.source_language_confidence) == ("en", 1.0)
    first = run.transcript.segments[0]
    assert (first.text, first.language, first.language_confidence) == ("hello brave new world", "en", 1.0)
    assert "faster-whisper" in [engine.name for engine in run.result.engines]


@pytest.mark.parametrize(("script", "expected"), [("zh-Hans", "这里有头发。"), ("zh-Hant", "這裏有頭髮。")])
def test_a_transcript_is_in_the_script_its_task_asks_for(tmp_path, bench, dialogue_video, script, expected):
    """Whichever the model writes."""
    recognizer = recognizer_of(tmp_path, Script("这|里|有|头|发|。", language="zh"))
    bench.engines = dataclasses.replace(bench.engines, recognizer=recognizer)
    found = bench.run(dialogue_video, source_language="zh", chinese=script)
    assert {segment.text for segment in found.transcript.segments} == {expected}
