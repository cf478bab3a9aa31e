"""What a user gets."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from shared.testing import wait_until
from tests.e2e.conftest import Product

ES_FR = '{"target_languages": ["es", "fr"], "source_language": "en", "num_speakers": 2}'


@pytest.fixture(scope="module")
def dubbed(product: Product, dialogue: Path) -> str:
    """The sample dubbed to Spanish and French."""
    task_id = product.create(dialogue, ES_FR)
    product.wait_for(task_id, timeout_s=240)
    return task_id


def probe(path: Path) -> dict[str, Any]:
    """ffprobe's view of a file."""
    command = ["ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json", str(path)]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return found


@pytest.mark.parametrize(("language", "tag"), [("es", "spa"), ("fr", "fra")])
def test_the_export_has_picture_voices_original_and_subtitles(
    product: Product, dubbed: str, dialogue: Path, tmp_path: Path, language: str, tag: str
) -> None:
    """Picture copied, dub first and default, original second, soft subtitles, the same length."""
    path = tmp_path / "export.mp4"
    path.write_bytes(product.artifact(dubbed, language, f"export_{language}.mp4"))
    found, original = probe(path), probe(dialogue)
    kinds = [stream["codec_type"] for stream in found["streams"]]
    assert kinds == ["video", "audio", "audio", "subtitle"]
    audio = [stream for stream in found["streams"] if stream["codec_type"] == "audio"]
    assert audio[0]["tags"]["language"] == tag
    assert audio[0]["disposition"]["default"] == 1
    assert audio[1]["disposition"]["default"] == 0
    assert abs(float(found["format"]["duration"]) - float(original["format"]["duration"])) <= 1 / 25
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), "-f", "null", "-"], check=True)


def test_both_speakers_are_found_and_have_their_own_voices(product: Product, dubbed: str) -> None:
    """Two speakers, far apart in pitch; every line has a take."""
    speakers = product.http.get(f"/api/tasks/{dubbed}/speakers").json()
    pitches = sorted(speaker["f0_hz"] for speaker in speakers)
    assert len(speakers) == 2
    assert pitches[1] > 1.3 * pitches[0]
    assert {line["state"] for line in product.lines(dubbed, "es")} == {"dubbed"}


def test_the_report_is_measured(product: Product, dubbed: str) -> None:
    """Loudness at the target, no line failed, engines named with their licences."""
    report = product.http.get(f"/api/tasks/{dubbed}/languages/es/report").json()
    assert report["passed"] is True
    assert abs(report["loudness"]["integrated_lufs"] + 16) <= 0.5
    assert report["loudness"]["true_peak_dbtp"] <= -1.0
    assert report["lines_failed"] == 0
    assert {engine["stage"] for engine in report["engines"]} >= {"speaker_diarization", "translation", "voice_cloning"}
    assert all(engine["licence"] for engine in report["engines"])


def test_one_line_is_dubbed_again_and_the_export_mixed_again(product: Product, dubbed: str) -> None:
    """Editing a line makes it and its export stale; one take is made; the export keeps all others."""
    before = product.lines(dubbed, "es")
    segment = before[1]["segment_id"]
    url = f"/api/tasks/{dubbed}/languages/es/lines/{segment}"
    refused = product.http.patch(url, json={"text": "Es una idea estupenda."}, headers={"If-Match": '"0"'})
    assert (refused.status_code, refused.json()["code"]) == (412, "version_conflict")
    edited = product.http.patch(
        url, json={"text": "Es una idea estupenda."}, headers={"If-Match": f'"{before[1]["version"]}"'}
    )
    assert edited.json()["state"] == "stale"
    assert product.task(dubbed)["language_status"]["es"]["status"] == "stale"
    takes = {key for key in product.objects(dubbed) if "/es/cloned_audio/" in key}
    assert product.http.post(f"{url}/dub").status_code == 202
    wait_for_line(product, dubbed, segment, before[1]["take_key"])
    new = {key for key in product.objects(dubbed) if "/es/cloned_audio/" in key} - takes
    assert 1 <= len(new) <= 2, "the natural take and, if it had to be fitted, the fitted one"
    product.http.post(f"/api/tasks/{dubbed}/languages/es/process", json={"stage": "export"})
    product.wait_for(dubbed)
    after = product.lines(dubbed, "es")
    changed = [line["segment_id"] for line, old in zip(after, before, strict=True) if line != old]
    assert changed == [segment]
    report = product.http.get(f"/api/tasks/{dubbed}/languages/es/report").json()
    assert report["lines_edited"] == 1
    assert "estupenda" in product.artifact(dubbed, "es", "subtitles_es.srt").decode()


def wait_for_line(product: Product, task_id: str, segment: str, old_take: str) -> None:
    """Until the line has a new take."""

    def ready() -> bool:
        line = next(line for line in product.lines(task_id, "es") if line["segment_id"] == segment)
        return line["state"] == "dubbed" and line["take_key"] != old_take

    wait_until(ready, 60, "the line is not dubbed again")


def test_a_line_no_voice_can_speak_fails_alone(product: Product, dubbed: str) -> None:
    """It keeps the original audio, is listed in the report, and the language completes with an issue."""
    line = product.lines(dubbed, "fr")[2]
    url = f"/api/tasks/{dubbed}/languages/fr/lines/{line['segment_id']}"
    product.http.patch(url, json={"text": "♪ ♪ ♪"}, headers={"If-Match": "*"})
    product.http.post(f"/api/tasks/{dubbed}/languages/fr/process", json={"stage": "voice_cloning"})
    product.http.post(f"/api/tasks/{dubbed}/languages/fr/process", json={"stage": "export"})
    task = product.wait_for(dubbed)
    assert task["language_status"]["fr"]["issues"] == 1
    failed = [entry for entry in product.lines(dubbed, "fr") if entry["state"] == "failed"]
    assert [entry["segment_id"] for entry in failed] == [line["segment_id"]]
    assert failed[0]["error_message"]
    report = product.http.get(f"/api/tasks/{dubbed}/languages/fr/report").json()
    assert report["lines_failed"] == 1


def test_a_person_may_bring_subtitles_and_translation(product: Product, dialogue: Path, tmp_path: Path) -> None:
    """A language no engine here translates to is dubbed all the same, with a person's own text."""
    source, target = tmp_path / "en.srt", tmp_path / "de.srt"
    source.write_text("1\n00:00:01,000 --> 00:00:03,500\nGood morning.\n\n2\n00:00:05,000 --> 00:00:08,000\nHello.\n")
    target.write_text("1\n00:00:01,000 --> 00:00:03,500\nGuten Morgen.\n\n2\n00:00:05,000 --> 00:00:08,000\nHallo.\n")
    config = '{"target_languages": ["de"], "source_language": "en"}'
    task_id = product.create(dialogue, config, subtitles=source, translation_de=target)
    product.wait_for(task_id)
    assert [line["text"] for line in product.lines(task_id, "de")] == ["Guten Morgen.", "Hallo."]


def test_an_impossible_pair_is_refused_when_it_is_asked_for(product: Product, dialogue: Path) -> None:
    """422 with a code, the field, and what would help; nothing is kept of the upload."""
    with dialogue.open("rb") as video:
        answer = product.http.post(
            "/api/tasks",
            files=[("config", (None, '{"target_languages": ["ja"], "source_language": "en"}')), ("video", video)],
        )
    assert (answer.status_code, answer.json()["code"]) == (422, "language_unsupported")
    assert "bring your own translation" in answer.json()["detail"]
