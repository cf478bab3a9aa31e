"""The whole product on real small weights: a French video, and a Chinese one that comes with all its texts."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from localclip.cli import app
from services.cloner.engines import Sound, Speech, Synthesizer, Voice, create_synthesizers
from services.cloner.settings import ClonerSettings
from services.diarizer.wording import error_rate
from shared.pipeline import CancelToken, language
from shared.testing import wait_until
from tests.e2e.conftest import Product, running
from tests.support.real_weights import CACHE, real_weights

FRENCH = ("Bonjour à tous et bienvenue dans notre émission.", "Aujourd'hui, nous allons parler de la ville de Paris.")
SPANISH = ("Hola a todos y bienvenidos a nuestro programa.", "Hoy vamos a hablar de la ciudad de París.")
CHINESE = ("今天的天气非常好。", "我们一起去公园吧。")
BROUGHT = {
    "en": ("The weather is very good today.", "Let us go to the park together."),
    "ko": ("오늘은 날씨가 아주 좋아요.", "함께 공원에 가요."),
    "ja": ("今日はとてもいい天気です。", "一緒に公園へ行きましょう。"),
    "fr": ("Il fait très beau aujourd'hui.", "Allons ensemble au parc."),
    "de": ("Das Wetter ist heute sehr gut.", "Gehen wir zusammen in den Park."),
    "es": ("Hoy hace muy buen tiempo.", "Vamos juntos al parque."),
    "id": ("Cuaca hari ini sangat bagus.", "Mari kita pergi ke taman bersama."),
}
_PAUSE_S = 0.8


@pytest.fixture(scope="module")
def voice() -> Synthesizer:
    """Kokoro, which speaks what the videos say."""
    return create_synthesizers(ClonerSettings(synthesizer="kokoro"), real_weights("kokoro"))[0]


@pytest.fixture(scope="module")
def product(voice: Synthesizer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The running product with what the starter set brings."""
    real_weights("whisper-base")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCALCLIP_PROFILE", "auto")
        patch.setenv("LOCALCLIP_MODELS_DIR", str(CACHE))
        patch.setenv("LOCALCLIP_DEVICE", "cpu")
        with running(tmp_path_factory.mktemp("real")) as found:
            yield found


def video(voice: Synthesizer, code: str, texts: tuple[str, ...], path: Path) -> list[tuple[float, float]]:
    """Write a video in which `texts` are said; return when each is."""
    stock = next(one for one in voice.abilities.voices if one.speaks(code))
    parts, times, at_s, rate_hz = [], [], 0.0, voice.abilities.sample_rate_hz
    for text in texts:
        ((_, sound),) = voice.synthesize(
            [Speech(text, code, Voice(stock.name, stock.name, stock.f0_hz))], CancelToken()
        )
        assert isinstance(sound, Sound)
        silence = np.zeros(round(_PAUSE_S * rate_hz), np.float32)
        start_s = at_s + _PAUSE_S
        at_s = start_s + len(sound.samples) / rate_hz
        times.append((start_s, at_s))
        parts += [silence, sound.samples]
    soundfile.write(path.with_suffix(".wav"), np.concatenate([*parts, silence]), rate_hz)
    picture = ["-f", "lavfi", "-i", f"color=c=gray:size=160x90:rate=10:duration={at_s + _PAUSE_S}"]
    sound_in = ["-i", str(path.with_suffix(".wav")), "-shortest", "-c:v", "libx264", "-preset", "ultrafast"]
    subprocess.run(["ffmpeg", "-v", "error", *picture, *sound_in, "-c:a", "aac", str(path)], check=True)
    return times


def srt(times: list[tuple[float, float]], texts: tuple[str, ...], path: Path) -> Path:
    """Subtitles of `texts` at `times`."""
    rows = [
        f"{number}\n00:00:{start_s:06.3f} --> 00:00:{end_s:06.3f}\n{text}\n"
        for number, ((start_s, end_s), text) in enumerate(zip(times, texts, strict=True), start=1)
    ]
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def test_a_french_video_is_dubbed_to_english_and_spanish(product: Product, voice: Synthesizer, tmp_path: Path) -> None:
    """Nobody says that it is French: it is told, understood, translated, spoken, and understood again.

    Spanish comes with the video: no translator that needs no weights does that pair.
    """
    times = video(voice, "fr", FRENCH, tmp_path / "french.mp4")
    spanish = srt(times, SPANISH, tmp_path / "es.srt")
    config = '{"target_languages": ["en", "es"]}'
    task_id = product.create(tmp_path / "french.mp4", config, translation_es=spanish)
    task = product.wait_for(task_id, timeout_s=900)
    assert task["source_language"] == "fr"
    heard = " ".join(one["source_text"] for one in product.lines(task_id, "es"))
    wrong = error_rate(" ".join(FRENCH), heard, language("fr"))
    assert wrong is not None
    assert wrong <= 0.15, heard
    for code in ("en", "es"):
        lines = product.lines(task_id, code)
        assert {line["state"] for line in lines} == {"dubbed"}
        report = product.http.get(f"/api/tasks/{task_id}/languages/{code}/report").json()
        assert report["lines_failed"] == 0
        assert report["wer"]["mean"] <= 0.2, report["wer"]
        assert len(product.artifact(task_id, code, f"export_{code}.mp4")) > 10_000


def test_a_chinese_video_is_dubbed_to_all_seven_languages_with_the_texts_it_comes_with(
    product: Product, voice: Synthesizer, tmp_path: Path
) -> None:
    """No engine here translates Chinese, and none is asked: what was brought is spoken, line by line."""
    times = video(voice, "zh", CHINESE, tmp_path / "chinese.mp4")
    brought = {f"translation_{code}": srt(times, texts, tmp_path / f"{code}.srt") for code, texts in BROUGHT.items()}
    listed = ", ".join(f'"{code}"' for code in BROUGHT)
    config = f'{{"target_languages": [{listed}], "source_language": "zh"}}'
    subtitles = srt(times, CHINESE, tmp_path / "zh.srt")
    task_id = product.create(tmp_path / "chinese.mp4", config, subtitles=subtitles, **brought)
    product.wait_for(task_id, timeout_s=900)
    for code, texts in BROUGHT.items():
        lines = product.lines(task_id, code)
        assert [(line["text"], line["state"]) for line in lines] == [(text, "dubbed") for text in texts], code
        report = product.http.get(f"/api/tasks/{task_id}/languages/{code}/report").json()
        assert report["lines_failed"] == 0, code
        assert (report["wer"] or report["cer"])["lines"] == len(texts), code
        assert len(product.artifact(task_id, code, f"export_{code}.mp4")) > 10_000


def test_chinese_speech_said_to_be_english_is_never_called_done(
    product: Product, voice: Synthesizer, tmp_path: Path
) -> None:
    """Who wants to be asked is asked; else the command ends with 3 and says why."""
    video(voice, "zh", CHINESE, tmp_path / "chinese.mp4")
    command = ["dub", str(tmp_path / "chinese.mp4"), "--from", "en", "--to", "es", "--out", str(tmp_path)]
    done = CliRunner().invoke(app, [*command, "--server", product.stack.url])
    assert done.exit_code == 3, done.output
    assert "doubtful_source" in done.output
    assert "sounds like Chinese" in done.output

    config = '{"target_languages": ["es"], "source_language": "en", "on_doubt": "ask"}'
    task_id = product.create(tmp_path / "chinese.mp4", config)
    wait_until(lambda: product.task(task_id)["waiting_for"], 600, "it asks nothing")
    asked = product.task(task_id)["waiting_for"]
    assert (asked["reasons"][0]["code"], asked["sounds_like"]) == ("other_language", "zh")
    product.http.post(f"/api/tasks/{task_id}/cancel").raise_for_status()
