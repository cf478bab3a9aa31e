"""A whole dub through a running stack, as a person at the command line sees it."""

import json
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import opentimelineio as otio
import pytest
from mcp import Client as Agent
from mcp.client.stdio import StdioServerParameters
from typer.testing import CliRunner

from localclip.cli import app
from localclip.ffmpeg import run_ffmpeg, streams
from localclip.stack import Stack, StackOptions
from localclip_client import Client, Status
from shared.testing import free_port
from tests.localclip.test_mcp import done, refused
from tests.support.forked import command_line

SOURCE = "1\n00:00:00,300 --> 00:00:02,300\nGood morning.\n\n2\n00:00:03,000 --> 00:00:05,000\nHow are you?\n"
SPANISH = (
    "1\n00:00:00,300 --> 00:00:02,300\nBuenos días.\n\n2\n00:00:03,000 --> 00:00:05,000\n¿Cómo están?\n\n"
    "3\n00:00:05,100 --> 00:00:05,900\n¿Y?\n"
)
KOREAN = "1\n00:00:00,300 --> 00:00:02,300\n좋은 아침입니다.\n\n2\n00:00:03,000 --> 00:00:05,000\n잘 지내세요?\n"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything that `localclip up` runs."""
    with Stack(StackOptions(tmp_path_factory.mktemp("stack"), port=free_port(), isolated=True)) as stack:
        yield stack


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds with two spoken sentences."""
    folder = tmp_path_factory.mktemp("talk")
    for number, text in enumerate(("Good morning.", "How are all of you today?")):
        subprocess.run(["flite", "-voice", "slt", "-t", text, "-o", str(folder / f"{number}.wav")], check=True)
    sound = "[1:a]adelay=300:all=1[a];[2:a]adelay=3000:all=1[b];[a][b]amix=normalize=0,apad=whole_dur=6[sound]"
    run_ffmpeg(
        *("-f", "lavfi", "-i", "testsrc=size=160x120:rate=25:duration=6"),
        *("-i", str(folder / "0.wav"), "-i", str(folder / "1.wav"), "-filter_complex", sound),
        *("-map", "0", "-map", "[sound]", "-t", "6", "-c:v", "libx264", "-c:a", "aac", str(folder / "talk.mp4")),
    )
    return folder / "talk.mp4"


def command(stack: Stack, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "localclip", "dub", *arguments, "--server", stack.url]


def test_a_persons_own_subtitles_and_translation_are_dubbed(stack: Stack, talk: Path, tmp_path: Path) -> None:
    """Korean has no embedded translator, and needs none here. Files, progress and table are there.

    The master has both languages, and the task can be exported by any other recipe afterwards.
    """
    source, korean = tmp_path / "source.srt", tmp_path / "korean.srt"
    source.write_text(SOURCE)
    korean.write_text(KOREAN)
    own = ("--subtitles", str(source), "--from", "en", "--translation", f"ko={korean}")
    arguments = (str(talk), "--to", "ko,es", *own, "--master", "--out", str(tmp_path / "out"))
    done = subprocess.run(command(stack, *arguments), capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 3, "eSpeak NG is a poor voice of both languages"
    assert set(re.findall(r"^(?:es|ko): (\w+):", done.stdout, re.M)) == {"voice_poor"}, done.stdout + done.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        name
        for code in ("es", "ko")
        for name in (
            f"export_{code}.mp4",
            *(f"subtitles_{code}.{ending}" for ending in ("srt", "vtt", "ttml")),
            f"report_{code}.json",
        )
    } | {"talk.master.mp4"}
    audio = [stream for stream in streams(tmp_path / "out/talk.master.mp4") if stream["codec_type"] == "audio"]
    assert [stream["tags"]["language"] for stream in audio] == ["kor", "spa", "eng"]
    assert "잘 지내세요?" in (tmp_path / "out/subtitles_ko.srt").read_text()
    lines = done.stdout.splitlines()
    for name in ("speech and speakers", "es  translation", "ko  translation", "es  voices", "ko  export"):
        assert f"{name}: done" in lines
    assert any("2/2" in line and "export_ko.mp4" in line for line in lines)
    with Client(stack.url) as client:
        task_id = client.tasks(limit=1).tasks[0].task_id
    export = ["export", task_id, "--server", stack.url, "--out", str(tmp_path / "x")]
    arguments = ["--recipe", "audio_wav", "--to", "ko", "--set", "audio_format=flac", "--set", "name=mine"]
    done = command_line(*export, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [path.name for path in (tmp_path / "x").iterdir()] == ["mine.ko.flac"]
    delivered(stack, task_id, export, tmp_path / "x")
    edit = ("edit", task_id, "es", "s0001", "--text", "Muy buenos días.")
    assert command_line(*edit, "--server", stack.url).returncode == 0
    arguments = ["--recipe", "audio_mp3", "--to", "es", "--set", "name=said", "--dub-changed"]
    done = command_line(*export, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "speaking the changed lines of es" in done.stdout
    assert (tmp_path / "x/said.es.mp3").is_file()
    for wrong, told in ((["--recipe", "none"], "choose from master"), (["--set", "kind=film"], "not valid: kind")):
        done = command_line(*export, *wrong)
        assert (done.returncode, done.stdout) == (1, "")
        assert told in done.stderr


def delivered(stack: Stack, task_id: str, export: list[str], folder: Path) -> None:
    """What goes to an editing program and to a platform: takes on their frames, texts where they can be."""
    for recipe, title in (("editing", ()), ("youtube", ("--set", "publication.title=How are you?"))):
        made = command_line(*export, "--recipe", recipe, *title, "--set", f"name={recipe}")
        assert made.returncode == 0, made.stdout + made.stderr
    with zipfile.ZipFile(folder / "editing.zip") as archive:
        names = set(archive.namelist())
        assert {"editing.mp4", "editing.original.wav", "editing.es.otio", "editing.ko.otio"} <= names
        timeline = otio.adapters.read_from_string(archive.read("editing.es.otio").decode(), "otio_json")
    clips = [clip for track in timeline.audio_tracks()[1:] for clip in track.find_clips()]
    assert [clip.metadata["localclip"]["source_text"] for clip in clips] == ["Good morning.", "How are you?"]
    assert {clip.media_reference.target_url for clip in clips} <= names
    lines = httpx.get(f"{stack.url}/api/tasks/{task_id}/languages/es/lines").json()
    starts = {line["segment_id"]: int(line["take_start_s"] * 25 + 1e-6) for line in lines}
    for clip in clips:
        assert clip.trimmed_range_in_parent().start_time.value == starts[clip.metadata["localclip"]["segment_id"]]
    with zipfile.ZipFile(folder / "youtube.zip") as archive:
        names = set(archive.namelist())
        assert archive.read("youtube.es.txt").decode().startswith("¿Cómo")
    assert names == {f"youtube.{code}.{ending}" for code in ("es", "ko") for ending in ("m4a", "srt")} | {
        "youtube.en.srt",
        "youtube.es.txt",
    }


def test_a_dub_that_leaves_speech_out_is_no_success(stack: Stack, talk: Path, tmp_path: Path) -> None:
    """Its files are there, and what is missing is told, with what would mend it; scripts see 3, and JSON alone.

    It is fetched again into another folder, and replaced only when that is said; processing it again judges the same.
    """
    source, spanish = tmp_path / "source.srt", tmp_path / "es.srt"
    source.write_text("1\n00:00:00,300 --> 00:00:01,100\nGood morning.\n")
    spanish.write_text("1\n00:00:00,300 --> 00:00:01,100\nHola.\n")
    own = ("--subtitles", str(source), "--from", "en", "--translation", f"es={spanish}")
    arguments = (str(talk), "--to", "es", *own, "--out", str(tmp_path / "out"), "--json")
    done = command_line("dub", *arguments, "--server", stack.url)
    assert done.returncode == 3, done.stdout + done.stderr
    assert (tmp_path / "out/export_es.mp4").is_file()
    assert "es: speech_lost: speech of the original is in no line" in done.stderr
    told = json.loads(done.stdout)
    (es,) = told["languages"]
    assert (es["status"], es["passed"]) == ("completed", False)
    assert "speech_lost" in [reason["code"] for reason in es["gate_reasons"]]
    assert str(tmp_path / "out/export_es.mp4") in es["files"]
    where = ("--json", "--server", stack.url)
    fetch = ["download", told["task_id"], "--out", str(tmp_path / "again"), *where]
    fetched = CliRunner().invoke(app, fetch)
    assert (fetched.exit_code, len(json.loads(fetched.stdout)["languages"][0]["files"])) == (3, len(es["files"]))
    assert "--overwrite" in str(CliRunner().invoke(app, fetch).exception)
    assert CliRunner().invoke(app, [*fetch, "--overwrite"]).exit_code == 3
    judged = CliRunner().invoke(app, ["process", told["task_id"], *where])
    assert (judged.exit_code, json.loads(judged.stdout)["language_status"]["es"]["gate"]) == (3, "failed")


def test_speech_of_another_language_is_asked_about(stack: Stack, talk: Path, tmp_path: Path) -> None:
    """Chinese is taken for English by a recognizer that knows nothing else: it is told, asked about where that is
    wanted, and whoever goes on all the same sees what was accepted."""
    chinese = tmp_path / "chinese.mp4"
    said = "今天我们来谈一谈城市的交通。每天早上都有很多人坐地铁去上班。"
    subprocess.run(["espeak-ng", "-v", "cmn", "-w", str(tmp_path / "zh.wav"), said], check=True)
    run_ffmpeg(
        *("-i", str(talk), "-i", str(tmp_path / "zh.wav"), "-map", "0:v", "-map", "1:a", "-c:v", "copy"), str(chinese)
    )
    arguments = command(stack, str(chinese), "--to", "es", "--on-doubt", "ask", "--out", str(tmp_path / "out"))
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as dubbing:
        assert dubbing.stdout is not None
        told = []
        for row in dubbing.stdout:
            told.append(row)
            if "localclip answer" in row:
                task_id = row.split()[4]
                answer = ("answer", task_id, "--server", stack.url)
                asked = command_line(*answer).stdout
                done = command_line(*answer, "--continue")
                assert done.stdout.startswith(f"{task_id}: processing")
    text = "".join(told)
    assert dubbing.returncode == 3, text
    for question in (asked, text):
        assert "This may not be English: nobody said which language it is" in question
        assert "Recognition is poor here" in question
    assert "Taken as English: pocketsphinx knows no other language." in text
    assert ", accepted: " in text
    assert "es: voice_poor" in text


def test_an_interrupt_cancels_the_task(stack: Stack, talk: Path, tmp_path: Path) -> None:
    """Ctrl-C at any time: the task stops on the gateway too, and the shell sees 130."""
    arguments = (str(talk), "--to", "fr", "--from", "en", "--out", str(tmp_path / "out"))
    # A test run in the background passes on an ignored interrupt; a person's shell does not.
    with subprocess.Popen(
        command(stack, *arguments),
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as dubbing:
        assert dubbing.stdout is not None
        assert dubbing.stdout.readline().startswith("speech and speakers")
        dubbing.send_signal(signal.SIGINT)
        assert "canceling ..." in dubbing.stdout.read()
    assert dubbing.returncode == 130
    with Client(stack.url) as client:
        assert client.tasks(limit=1).tasks[0].status is Status.CANCELED
    assert not (tmp_path / "out").exists()


def test_what_is_impossible_is_refused_with_what_would_help(stack: Stack, talk: Path) -> None:
    """Before the work begins, in one line."""
    done = command_line("dub", str(talk), "--to", "ja", "--from", "en", "--server", stack.url)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: language_unsupported: ")


def test_a_dub_that_stops_waits_to_be_approved(stack: Stack, talk: Path, tmp_path: Path) -> None:
    """It ends with 3 and says what lets it go on; once approved the rest runs."""
    arguments = (str(talk), "--to", "es", "--from", "en", "--stop-after", "translation", "--out", str(tmp_path / "out"))
    done = command_line("dub", *arguments, "--server", stack.url)
    assert done.returncode == 3, done.stdout + done.stderr
    with Client(stack.url) as client:
        task_id = client.tasks(limit=1).tasks[0].task_id
        assert f"localclip approve {task_id} es" in done.stdout
        done = command_line("approve", task_id, "--by", "Ann", "--server", stack.url)
        assert (done.returncode, done.stdout.strip()) == (0, f"{task_id} es: processing"), done.stderr
        client.delete(task_id)


def read(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")


async def test_an_agent_dubs_mends_three_lines_and_exports(stack: Stack, talk: Path, tmp_path: Path) -> None:
    """Over standard input and output, as hosts start it; a language that stops is approved; no file is replaced."""
    files = {"source": SOURCE + "\n3\n00:00:05,100 --> 00:00:05,900\nWell?\n", "es": SPANISH}
    for name, text in files.items():
        (tmp_path / f"{name}.srt").write_text(text)
    settings = {"LOCALCLIP_SERVER": stack.url}
    server = StdioServerParameters(command=sys.executable, args=["-m", "localclip", "mcp"], env=settings)
    async with Agent(server) as agent:
        arguments = {"video": str(talk), "target_languages": ["es"], "source_language": "en", "wait_s": 240}
        own = {"subtitles": str(tmp_path / "source.srt"), "translations": {"es": str(tmp_path / "es.srt")}}
        state = await done(agent, "dub", **arguments, **own, stop_after="translation")
        assert state["languages"][0]["waiting_for"] == "approval", state
        where = {"task_id": state["task_id"]}
        await done(agent, "approve", **where, language="es", by="Ann")
        state = await done(agent, "wait_for_task", **where, wait_s=240)
        assert state["status"] == "completed", state
        es = where | {"language": "es"}
        worst = await done(agent, "review_lines", **es, minor=True, limit=1)
        assert len(worst["lines"]) == min(1, worst["total"])
        voice = (await done(agent, "list_voices", language="es", limit=1))["voices"][0]["voice"]
        ids = [line["segment_id"] for line in (await done(agent, "list_lines", **es))["lines"][:3]]
        texts = ("Muy buenos días.", "¿Qué tal están?", "¿Y bien?")
        for segment_id, text in zip(ids, texts, strict=True):
            assert (await done(agent, "edit_line", **es, segment_id=segment_id, text=text))["state"] == "stale"
        await done(agent, "edit_line", **es, segment_id=ids[2], voice=voice)
        spoken = await done(agent, "redub", **es, wait_s=240)
        assert (spoken["begun"], [line["text"] for line in spoken["lines"]]) == (3, list(texts))
        takes = (await done(agent, "list_takes", **es, segment_id=ids[0]))["takes"]
        assert [take["current"] for take in takes] == [True, False]
        await done(agent, "choose_take", **es, segment_id=ids[0], take_id=takes[1]["take_id"])
        await done(agent, "undo_edit", **where)
        await done(agent, "process_task", **where)
        state = await done(agent, "wait_for_task", **where, wait_s=240)
        assert not [one for one in state["languages"][0]["gate_reasons"] if one["code"] == "unspoken_edits"]
        made = {"folder": str(tmp_path / "out"), **where}
        export = await done(
            agent, "export", **made, recipe="subtitles", languages=["es"], settings=["bundle=false"], wait_s=240
        )
        subtitles = next(file for file in export["files"] if file.endswith(".srt"))
        assert all(text in read(subtitles) for text in texts)
        again = await refused(agent, "download_export", **made, export_id=export["export_id"])
        assert "overwrite=true" in again
        await done(agent, "download_export", **made, export_id=export["export_id"], overwrite=True)
        files = (await done(agent, "download", **made))["files"]
        assert {Path(file).name for file in files} >= {"export_es.mp4", "subtitles_es.srt", "report_es.json"}
        assert "export_es.mp4" in await refused(agent, "download", **made)
