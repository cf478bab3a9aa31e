"""A long recording recognized in pieces."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.diarizer.cutting import pieces_of, sound_of
from services.diarizer.diarization import Diarization
from services.diarizer.engines import Engines, Recognition, Report, Span
from services.diarizer.handlers import diarize_video, recognize_speech
from services.diarizer.recording import Recording
from services.diarizer.settings import DiarizerSettings
from shared.messaging import (
    BEFORE_PIECES,
    DiarizeVideo,
    EngineInfo,
    JobContext,
    ProgressBox,
    RecognizeSpeech,
    SpeechCut,
    TranscriptReady,
    speech_shard,
)
from shared.pipeline import ErrorCode, PermanentError, Stage
from shared.storage import DirectoryStore, keys, read_bytes
from shared.transcript import Transcript, Word
from tests.services.diarizer.conftest import TASK, Bench, Run


class Scripted:
    """Hears one word in each stretch of speech: how long it is, and how loud."""

    punctuates = False

    def __init__(self) -> None:
        self.heard_s: list[float] = []
        self.asked_for_the_language = 0

    @property
    def info(self) -> EngineInfo:
        return EngineInfo(
            stage=Stage.DIARIZATION,
            port="recognizer",
            name="scripted",
            version="1",
            licence="MIT",
            commercial_use=True,
            languages=("en", "fr"),
        )

    def find_language(self, recording: Recording, speech: Sequence[Span]) -> tuple[str, float | None]:
        self.asked_for_the_language += 1
        return "fr", 0.9

    def recognize(
        self,
        recording: Recording,
        speech: Sequence[Span],
        language: str | None,
        report: Report,
        hotwords: Sequence[str] = (),
    ) -> Recognition:
        report(0.5)
        self.heard_s.append(sum(span.duration_s for span in speech))
        words = tuple(self._word(recording, span) for span in speech)
        return Recognition(language or "fr", words, None if language else 0.9)

    def recognize_each(self, recordings: Sequence[Recording], language: str, report: Report) -> list[tuple[Word, ...]]:
        raise NotImplementedError

    def _word(self, recording: Recording, span: Span) -> Word:
        level = abs(recording.read(span.start_s, span.end_s)).mean()
        text = f"{span.duration_s:.2f}-{level:.3f}"
        return Word(text=text, start_s=round(span.start_s, 3), end_s=round(span.end_s, 3), probability=0.5)


@pytest.fixture
def scripted(bench: Bench) -> tuple[Bench, Scripted]:
    """The stage with a recognizer that is cut after five seconds of speech."""
    recognizer = Scripted()
    engines: Engines = replace(bench.engines, recognizer=recognizer)
    return Bench(engines, bench.folder, DiarizerSettings(recognition_job_s=5.0)), recognizer


def in_pieces(bench: Bench, video: Path, **fields: object) -> tuple[Run, SpeechCut]:
    """The stage as several jobs, in the middle of them one that is done twice by two workers."""
    first = bench.context(progress=ProgressBox())
    job = bench.job(first, video, **fields)
    cut = diarize_video(Diarization(bench.engines, bench.settings))(job, first)
    assert isinstance(cut, SpeechCut)
    assert first.progress.fraction == pytest.approx(BEFORE_PIECES)
    for number in (0, 0, *range(len(cut.pieces_s))):
        hear(bench, job, cut, number)
    last = bench.context()
    joined = diarize_video(Diarization(bench.engines, bench.settings))(
        job.model_copy(update={"shard": "join", "plan_key": cut.plan_key}), last
    )
    assert isinstance(joined, TranscriptReady)
    transcript = Transcript.model_validate_json(read_bytes(last.store, joined.transcript_key))
    return Run(joined, transcript, DirectoryStore(bench.folder / "store"), ()), cut


def hear(bench: Bench, job: DiarizeVideo, cut: SpeechCut, number: int) -> None:
    """One piece on a worker of its own, and the manifest that its runtime would leave."""
    piece = RecognizeSpeech(
        task_id=TASK,
        language="base",
        shard=speech_shard(number),
        attempt=job.attempt,
        plan_key=cut.plan_key,
        piece=number,
    )
    context: JobContext = bench.context()
    result = recognize_speech(Diarization(bench.engines, bench.settings).pieces)(piece, context)
    where = keys.manifest(TASK, "base", Stage.DIARIZATION, piece.shard, piece.attempt)
    context.store.create(where, result.model_dump_json().encode())


def test_words_and_lines_are_those_of_uncut_recognition(
    scripted: tuple[Bench, Scripted], dialogue_video: Path, tmp_path: Path
) -> None:
    """Whatever was cut; the language is decided once, and speakers are told apart over the whole."""
    bench, recognizer = scripted
    run, cut = in_pieces(bench, dialogue_video)
    assert len(cut.pieces_s) > 1
    assert max(recognizer.heard_s) <= 5.0 or len(recognizer.heard_s) > 1
    assert recognizer.asked_for_the_language == 1
    whole_engines = replace(bench.engines, recognizer=Scripted())
    (tmp_path / "whole").mkdir()
    whole = Bench(whole_engines, tmp_path / "whole").run(dialogue_video)
    assert run.transcript.source_language == whole.transcript.source_language == "fr"
    assert run.transcript.source_language_confidence == 0.9
    assert run.transcript.segments == whole.transcript.segments
    assert [one.f0_hz for one in run.transcript.speakers] == [one.f0_hz for one in whole.transcript.speakers]
    assert run.transcript.speech == whole.transcript.speech
    assert run.result.engines == whole.result.engines
    assert run.result.chosen == whole.result.chosen
    assert run.product("peaks.json") == whole.product("peaks.json")


def test_the_sound_of_pieces_goes_when_they_are_joined(scripted: tuple[Bench, Scripted], dialogue_video: Path) -> None:
    """What is left of them are their manifests and the plan; a second join finds all it needs."""
    bench, _ = scripted
    run, cut = in_pieces(bench, dialogue_video, source_language="en")
    left = [one.key for one in run.store.list(keys.processed(TASK, 1, "speech/"))]
    assert left == [cut.plan_key]
    again = bench.context()
    job = bench.job(again, dialogue_video, source_language="en", plan_key=cut.plan_key)
    result = diarize_video(Diarization(bench.engines, bench.settings))(job, again)
    assert isinstance(result, TranscriptReady)
    assert result.segments == run.result.segments


def test_a_piece_that_is_gone_ends_the_run(scripted: tuple[Bench, Scripted], dialogue_video: Path) -> None:
    """With a code that a person can do something about: the stage is started again."""
    bench, _ = scripted
    context = bench.context()
    job = bench.job(context, dialogue_video)
    cut = diarize_video(Diarization(bench.engines, bench.settings))(job, context)
    assert isinstance(cut, SpeechCut)
    with pytest.raises(PermanentError) as failure:
        diarize_video(Diarization(bench.engines, bench.settings))(
            job.model_copy(update={"plan_key": cut.plan_key}), bench.context()
        )
    assert failure.value.code is ErrorCode.ARTIFACT_MISSING


def test_a_short_recording_is_one_job(bench: Bench, dialogue_video: Path) -> None:
    """As it always was, and so is one whose words were brought."""
    engines = replace(bench.engines, recognizer=Scripted())
    assert Bench(engines, bench.folder, DiarizerSettings(recognition_job_s=30.0)).run(dialogue_video).result.segments
    subtitles = "1\n00:00:01,000 --> 00:00:03,000\nGood morning.\n"
    brought = Bench(engines, bench.folder, DiarizerSettings(recognition_job_s=5.0))
    assert brought.run(dialogue_video, subtitles, source_language="en").result.segments == 1


def spans(*bounds: tuple[float, float]) -> list[Span]:
    return [Span(*one) for one in bounds]


def test_a_piece_ends_at_the_longest_pause_near_its_end() -> None:
    """Not at one in its first two thirds, and not where it would be fullest."""
    speech = spans((0, 20), (29, 70), (71, 90), (95, 110), (111, 130))
    assert pieces_of(speech, 110.0) == [speech[:3], speech[3:]]


def test_a_stretch_without_pauses_is_a_piece() -> None:
    """It is the recognizer who cuts inside of words."""
    speech = spans((0, 10), (11, 200), (201, 210))
    assert pieces_of(speech, 100.0) == [speech[:1], speech[1:2], speech[2:]]


@given(st.lists(st.tuples(st.floats(0.2, 60.0), st.floats(0.2, 20.0)), max_size=60), st.floats(5.0, 100.0))
def test_pieces_are_all_of_the_speech_in_its_order(stretches: list[tuple[float, float]], longest_s: float) -> None:
    """None is too long unless it is one stretch, and what is heard of them never overlaps."""
    speech, at_s = list[Span](), 0.0
    for length_s, pause_s in stretches:
        speech.append(Span(at_s + pause_s, at_s + pause_s + length_s))
        at_s = speech[-1].end_s
    pieces = pieces_of(speech, longest_s)
    assert [span for piece in pieces for span in piece] == speech
    assert all(len(piece) == 1 or sum(span.duration_s for span in piece) <= longest_s for piece in pieces)
    heard = [sound_of(pieces, number, at_s + 1.0) for number in range(len(pieces))]
    assert all(before.end_s <= after.start_s + 1e-9 for before, after in pairwise(heard))
    assert all(
        sound.start_s <= piece[0].start_s and piece[-1].end_s <= sound.end_s
        for sound, piece in zip(heard, pieces, strict=True)
    )
