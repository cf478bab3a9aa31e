"""The stage on ordinary videos: words, speakers, lines and what else it leaves in the store."""

import io
import json
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import soundfile

from services.diarizer.diarization import Diarization
from services.diarizer.handlers import diarize_video
from services.diarizer.settings import DiarizerSettings
from shared.pipeline import Canceled, CancelToken, ErrorCode, PermanentError, Stage, language
from shared.storage import ObjectNotFound, keys
from shared.transcript import wrap_text

VOICES = {"slt": "spk_1", "rms": "spk_2"}  # in order of first appearance


def words_of(text):
    return re.findall(r"[a-z']+", text.lower())


def word_error_rate(reference, hypothesis):
    costs = list(range(len(hypothesis) + 1))
    for row, said in enumerate(reference, 1):
        diagonal, costs[0] = costs[0], row
        for column, heard in enumerate(hypothesis, 1):
            best = min(costs[column] + 1, costs[column - 1] + 1, diagonal + (said != heard))
            diagonal, costs[column] = costs[column], best
    return costs[-1] / len(reference)


def srt(lines, texts):
    def stamp(at_s):
        milliseconds = round(at_s * 1000)
        hours, rest = divmod(milliseconds, 3_600_000)
        return f"{hours:02d}:{rest // 60_000:02d}:{rest // 1000 % 60:02d},{rest % 1000:03d}"

    cues = zip(lines, texts, strict=True)
    return "\n".join(
        f"{number}\n{stamp(line.start_s)} --> {stamp(line.end_s)}\n{text}\n"
        for number, (line, text) in enumerate(cues, 1)
    )


def test_a_dialogue_is_written_down(dialogue, dialogue_run):
    """Less than a quarter of the words are wrong, and each is within its line's time."""
    reference = [word for line in dialogue.lines for word in words_of(line.text)]
    heard = [word for segment in dialogue_run.transcript.segments for word in words_of(segment.text)]
    assert word_error_rate(reference, heard) < 0.25
    for segment in dialogue_run.transcript.segments:
        assert [segment.words[0].start_s, segment.words[-1].end_s] == [segment.start_s, segment.end_s]
        assert any(line.start_s - 0.2 < segment.start_s < segment.end_s < line.end_s + 0.2 for line in dialogue.lines)


def test_two_speakers_are_told_apart(dialogue, dialogue_run):
    """Two are found without being asked for, and every line is given to the one who says it."""
    assert [(speaker.id, speaker.name) for speaker in dialogue_run.transcript.speakers] == [
        ("spk_1", "Speaker 1"),
        ("spk_2", "Speaker 2"),
    ]
    for segment in dialogue_run.transcript.segments:
        middle_s = (segment.start_s + segment.end_s) / 2
        voice = next(line.voice for line in dialogue.lines if line.start_s < middle_s < line.end_s)
        assert segment.speaker_id == VOICES[voice]
    for speaker in dialogue_run.transcript.speakers:
        spoken_s = sum(line.end_s - line.start_s for line in dialogue.lines if VOICES[line.voice] == speaker.id)
        assert speaker.speech_s == pytest.approx(spoken_s, rel=0.1)


def test_voices_are_measured(dialogue_run):
    """The woman's pitch is a woman's, the man's a man's, and each has a clip of 3 to 10 s with sound in it."""
    woman, man = dialogue_run.transcript.speakers
    assert 150 < woman.f0_hz < 200
    assert 80 < man.f0_hz < 125
    for speaker in (woman, man):
        assert speaker.reference_key == keys.processed(dialogue_run.result.task_id, 1, f"speakers/{speaker.id}.wav")
        samples, rate_hz = soundfile.read(io.BytesIO(dialogue_run.product(f"speakers/{speaker.id}.wav")))
        assert rate_hz == 24_000
        assert 3.0 <= len(samples) / rate_hz <= 10.0
        assert (samples**2).mean() ** 0.5 > 0.02


def test_lines_can_be_read(dialogue_run):
    """Every line is within the subtitle limits, ids count up, times do not go back."""
    info = language("en")
    segments = dialogue_run.transcript.segments
    assert [segment.id for segment in segments] == [f"s{number:04d}" for number in range(1, len(segments) + 1)]
    for segment in segments:
        rows = wrap_text(segment.text, info.subtitles, spaces=True)
        assert len(rows) <= 2
        assert all(len(row) <= 42 for row in rows)
        assert 0 < segment.end_s - segment.start_s <= 7.0
    assert all(one.end_s <= other.start_s for one, other in pairwise(segments))


def test_sentences_are_restored(dialogue_run):
    """A new speaker begins with a capital, and what was said before ends with a mark."""
    segments = dialogue_run.transcript.segments
    assert segments[0].text[0].isupper()
    assert segments[-1].text.endswith((".", "?"))
    for before, after in pairwise(segments):
        if before.speaker_id != after.speaker_id:
            assert before.text.endswith((".", "?"))
            assert after.text[0].isupper()


def test_the_editor_gets_a_waveform_and_a_poster(dialogue, dialogue_run):
    """Peaks at 20 per second are high where somebody speaks and low where nobody does; the poster is a JPEG."""
    document = json.loads(dialogue_run.product("peaks.json"))
    assert document["peaks_per_s"] == 20
    assert document["duration_s"] == pytest.approx(dialogue.duration_s, abs=0.11)
    assert len(document["peaks"]) == pytest.approx(20 * dialogue.duration_s, abs=3)
    first = dialogue.lines[0]
    assert max(document["peaks"][: int(20 * (first.start_s - 0.1))]) < 0.02
    assert max(document["peaks"][int(20 * first.start_s) : int(20 * first.end_s)]) > 0.2
    assert dialogue_run.product("poster.jpg")[:3] == b"\xff\xd8\xff"


def test_the_result_names_what_was_used(dialogue_run):
    """The result is addressed like the job, counts what the transcript holds and names the engines."""
    result = dialogue_run.result
    assert (result.stage, result.language, result.shard, result.attempt) == (Stage.DIARIZATION, "base", "0", 1)
    assert (result.segments, result.speakers) == (len(dialogue_run.transcript.segments), 2)
    assert (result.note or "").startswith("Taken as English: pocketsphinx knows no other language.")
    assert [engine.name for engine in result.engines] == ["pocketsphinx", "silero-vad", "clustering"]
    assert dialogue_run.transcript.source_language == "en"


def test_progress_is_told_throughout(dialogue_run):
    """Progress never goes back, passes through every step with a word on it, and ends at 1."""
    fractions = [fraction for fraction, _ in dialogue_run.progress]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert {message for _, message in dialogue_run.progress} == {
        "Reading the video",
        "Extracting the audio",
        "Finding speech",
        "Recognizing speech",
        "Telling speakers apart",
        "Measuring voices",
        "Saving",
    }


def test_a_given_number_of_speakers_is_kept(bench, dialogue_video):
    """Asked for one speaker, the stage gives all lines to one."""
    run = bench.run(dialogue_video, num_speakers=1)
    assert [speaker.id for speaker in run.transcript.speakers] == ["spk_1"]
    assert {segment.speaker_id for segment in run.transcript.segments} == {"spk_1"}


def test_the_same_video_gives_the_same_transcript(bench, dialogue_video, dialogue_run):
    """A job that is done again after other jobs finds the same words, speakers and times."""
    assert bench.run(dialogue_video).transcript == dialogue_run.transcript


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_a_late_audio_track_stays_with_the_picture(bench, dialogue, make_video, suffix):
    """Sound that starts 2 s into the media is timed from the start of the media, whatever the container."""
    video = make_video(dialogue.path, 9.0, offset_s=2.0, suffix=suffix)
    first = bench.run(video).transcript.segments[0]
    assert first.start_s == pytest.approx(dialogue.lines[0].start_s + 2.0, abs=0.25)


def test_own_subtitles_replace_recognition(bench, dialogue, dialogue_video):
    """Cues become lines as the person cut them, in any language, and speakers are still found."""
    texts = ["좋은 아침이에요.", "네, 어제 봤어요.", "언니가 사고 싶어 해요.", "그럼 오늘 전화해야죠."]
    run = bench.run(dialogue_video, srt(dialogue.lines, texts), source_language="ko")
    segments = run.transcript.segments
    assert [segment.text for segment in segments] == texts
    assert [segment.speaker_id for segment in segments] == [VOICES[line.voice] for line in dialogue.lines]
    assert segments[1].start_s == pytest.approx(dialogue.lines[1].start_s, abs=0.002)
    assert run.transcript.source_language == "ko"
    assert [engine.name for engine in run.result.engines] == ["silero-vad", "clustering"]


def test_own_subtitles_of_a_video_without_sound(bench, make_video):
    """They are lines all the same, of one speaker of whom nothing is known."""
    cues = "1\n00:00:01,000 --> 00:00:02,500\n今日は\nいい天気です。\n"
    run = bench.run(make_video(duration_s=4.0), cues, source_language="ja")
    assert [segment.text for segment in run.transcript.segments] == ["今日はいい天気です。"]
    assert [(speaker.id, speaker.f0_hz, speaker.reference_key) for speaker in run.transcript.speakers] == [
        ("spk_1", None, None)
    ]
    assert run.result.note is None


def test_what_was_done_to_own_subtitles_is_told(bench, make_video):
    """The spoken language tells the encoding, the video how long frames last and where the last cue ends."""
    video = make_video(duration_s=4.0)
    cues = ("1\n00:00:01,000 --> 00:00:02,500\nÇa va, élève ?\n\n2\n00:00:03,000 --> 00:00:09,000\nBien.\n\n"
            "3\n00:00:30,000 --> 00:00:31,000\nTrop tard.\n")  # fmt: skip
    run = bench.run(video, cues.encode("cp1252"), source_language="fr")
    assert [(one.text, one.end_s) for one in run.transcript.segments] == [("Ça va, élève ?", 2.5), ("Bien.", 4.0)]
    remarks = [(one.kind, one.rows) for one in run.transcript.remarks]
    assert remarks == [("encoding", ()), ("past_end", (6,)), ("after_end", (10,))]
    fps = run.transcript.media.fps
    counted = bench.run(video, f"{{{fps:.0f}}}{{{2 * fps:.0f}}}Bonjour.\n", source_language="fr").transcript
    assert [(one.start_s, one.end_s) for one in counted.segments] == [(1.0, 2.0)]
    assert counted.remarks == ()


def test_subtitles_of_another_video_are_refused(bench, make_video):
    """When every cue begins after the end, they do not belong to this video."""
    cues = "1\n00:10:00,000 --> 00:10:02,000\nLate.\n"
    with pytest.raises(PermanentError) as refused:
        bench.run(make_video(duration_s=3.0), cues, source_language="en")
    assert refused.value.code is ErrorCode.SUBTITLES_UNREADABLE


def test_subtitles_need_a_language(bench, dialogue_video):
    """Without the task's source language nobody knows what to translate them from."""
    with pytest.raises(PermanentError, match="source language") as refused:
        bench.run(dialogue_video, "1\n00:00:01,000 --> 00:00:02,000\nHola.\n")
    assert refused.value.code is ErrorCode.LANGUAGE_UNSUPPORTED


def test_another_language_is_refused_with_the_way_out(bench, dialogue_video):
    """What the recognizer does not know is refused before it listens, naming what would help."""
    with pytest.raises(PermanentError, match=r"Korean.*upload subtitles.*models pull starter") as refused:
        bench.run(dialogue_video, source_language="ko")
    assert refused.value.code is ErrorCode.LANGUAGE_UNSUPPORTED


def test_a_video_longer_than_allowed_is_refused(bench, dialogue_video):
    """The limit is a setting and is named in the refusal."""
    bench.settings = DiarizerSettings(max_duration_s=5.0)
    with pytest.raises(PermanentError, match="LOCALCLIP_MAX_DURATION_S") as refused:
        bench.run(dialogue_video)
    assert refused.value.code is ErrorCode.MEDIA_TOO_LONG


def test_a_video_that_is_gone_is_not_retried(bench, dialogue_video):
    """A job whose upload was removed fails for good."""
    context = bench.context()
    job = bench.job(context, dialogue_video).model_copy(update={"video_key": keys.input_video("task_x", "gone.mp4")})
    with pytest.raises(PermanentError) as refused:
        diarize_video(Diarization(bench.engines, bench.settings))(job, context)
    assert refused.value.code is ErrorCode.ARTIFACT_MISSING


@pytest.mark.parametrize("message", ["Extracting the audio", "Recognizing speech", "Telling speakers apart", "Saving"])
def test_a_canceled_job_stops_and_stores_no_transcript(bench, dialogue, make_video, message):
    """Canceled in any step, it stops at the next check and leaves the engines fit for the next job."""
    cancel = CancelToken()

    def progress(fraction, text=""):
        if text == message:
            cancel.cancel("a person stopped it")

    context = bench.context(cancel=cancel, progress=progress)
    job = bench.job(context, make_video(dialogue.path, 4.0))
    handle = diarize_video(Diarization(bench.engines, bench.settings))
    with pytest.raises(Canceled):
        handle(job, context)
    with pytest.raises(ObjectNotFound):
        context.store.stat(keys.processed(job.task_id, 1, "transcript.json"))
    assert cancel.reason == "a person stopped it"


def test_the_service_starts_as_a_module(tmp_path):
    """A model that is not there stops the service at once with a sentence, not a traceback."""
    outcome = subprocess.run(
        [sys.executable, "-m", "services.diarizer"],
        env={**os.environ, "LOCALCLIP_PROFILE": "neural", "LOCALCLIP_MODELS_DIR": str(tmp_path)},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 1
    assert "fetch it with: localclip models pull whisper-large-v3-turbo" in outcome.stderr
    assert "Traceback" not in outcome.stderr
