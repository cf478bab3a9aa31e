"""A generated sample video: two people plan a journey, over quiet music, with a picture that shows the time.

The embedded recognizer understands these sentences word for word in these two voices.
"""

import shutil
import tempfile
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from localclip.errors import LocalClipError
from localclip.ffmpeg import available, run_ffmpeg
from shared.media import run_tool
from shared.pipeline import CancelToken, PermanentError

FPS = 25
_LEAD_S, _GAP_S, _TAIL_S = 0.8, 0.65, 1.2
_MUSIC_DB = -35
_SIZE = "1280x720"
_NAMES = {"slt": ("Sarah", "0xf2b36b"), "rms": ("Robert", "0x7fc4e8")}
DIALOGUE: tuple[tuple[str, str], ...] = (
    ("slt", "We want to visit the mountains in the summer."),
    ("rms", "That is a very good idea."),
    ("slt", "We can stay there for two weeks."),
    ("rms", "The weather is usually very good at that time of the year."),
    ("slt", "Do you want to travel by train or by car?"),
    ("rms", "The train is better, because we can read a book on the way."),
    ("slt", "Then I will buy the tickets tomorrow morning."),
    ("rms", "And I will write a letter to your brother."),
)


@dataclass(frozen=True)
class Spoken:
    """A sentence and when it is said."""

    voice: str
    text: str
    audio: Path
    start_s: float
    duration_s: float

    @property
    def end_s(self) -> float:
        """When it ends."""
        return self.start_s + self.duration_s


def make_sample(target: Path) -> Path:
    """Write the sample video, about half a minute, and return its path.

    Raises:
        LocalClipError: flite, its voices or ffmpeg are missing.
    """
    for tool in ("flite", "ffmpeg"):
        if shutil.which(tool) is None:
            raise LocalClipError(
                f"{tool} is needed for the sample video; run `localclip doctor`, or name a video of your own"
            )
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="localclip-sample-") as name:
        folder = Path(name)
        spoken = _speak(DIALOGUE, folder)
        duration_s = _whole_frames(spoken[-1].end_s + _TAIL_S)
        part = folder / f"sample{target.suffix or '.mp4'}"
        _render(spoken, duration_s, folder, part)
        shutil.move(part, target)
    return target


def _whole_frames(seconds: float) -> float:
    return round(seconds * FPS + 0.5) / FPS


def _speak(dialogue: Sequence[tuple[str, str]], folder: Path) -> tuple[Spoken, ...]:
    spoken: list[Spoken] = []
    at = _LEAD_S
    for number, (voice, text) in enumerate(dialogue):
        audio = folder / f"{number}.wav"
        try:
            run_tool(["flite", "-voice", voice, "-t", text, "-o", str(audio)], CancelToken())
        except PermanentError as error:
            raise LocalClipError(f"flite cannot speak as '{voice}': {error.message}") from error
        with wave.open(str(audio)) as file:
            duration_s = file.getnframes() / file.getframerate()
        spoken.append(Spoken(voice, text, audio, at, duration_s))
        at += duration_s + _GAP_S
    return tuple(spoken)


def _render(spoken: Sequence[Spoken], duration_s: float, folder: Path, target: Path) -> None:
    inputs = [part for line in spoken for part in ("-i", str(line.audio))]
    graph = f"{_picture(spoken, duration_s, folder)};{_sound(spoken, duration_s)}"
    encoder = next((name for name in ("libx264", "libopenh264", "mpeg4") if name in available("encoders")), "mpeg4")
    quality = ("-preset", "veryfast", "-crf", "23") if encoder == "libx264" else ("-b:v", "1500k")
    run_ffmpeg(
        *inputs,
        *("-filter_complex", graph, "-map", "[picture]", "-map", "[sound]", "-t", f"{duration_s:.3f}"),
        *("-c:v", encoder, *quality, "-pix_fmt", "yuv420p", "-r", str(FPS), "-g", str(2 * FPS)),
        *("-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-ac", "2", "-metadata:s:a:0", "language=eng"),
        *("-movflags", "+faststart", str(target)),
    )


def _sound(spoken: Sequence[Spoken], duration_s: float) -> str:
    """The voices at their times over slow chords."""
    voices = [
        f"[{number}:a]aresample=48000,adelay={round(line.start_s * 1000)}:all=1[v{number}]"
        for number, line in enumerate(spoken)
    ]
    labels = "".join(f"[v{number}]" for number in range(len(spoken)))
    mix = f"{labels}amix=inputs={len(spoken)}:normalize=0:duration=longest,apad=whole_dur={duration_s:.3f}[voices]"
    music = (
        f"aevalsrc='{_chords()}':s=48000:d={duration_s:.3f},lowpass=f=1800,"
        f"afade=t=in:d=1.5,afade=t=out:st={duration_s - 1.5:.3f}:d=1.5,volume={_MUSIC_DB + 10}dB[music]"
    )
    return ";".join(
        [
            *voices,
            mix,
            music,
            "[voices][music]amix=inputs=2:normalize=0:duration=first,aformat=channel_layouts=stereo[sound]",
        ]
    )


def _chords() -> str:
    """C, A minor, F and G, four seconds each, as an expression of t; about -10 dB RMS."""
    chords = ((130.81, 164.81, 196.0), (110.0, 130.81, 164.81), (87.31, 110.0, 130.81), (98.0, 123.47, 146.83))
    tones = []
    for number, chord in enumerate(chords):
        swell = f"eq(mod(floor(t/4),4),{number})*pow(sin(PI*mod(t,4)/4),0.5)"
        tones.append(f"{swell}*({'+'.join(f'sin(2*PI*{pitch}*t)' for pitch in chord)})")
    return f"0.25*({'+'.join(tones)})"


def _picture(spoken: Sequence[Spoken], duration_s: float, folder: Path) -> str:
    """A clock, the name of the speaker and the words; ffmpeg's own clock where no text can be drawn."""
    if not _can_draw_text():
        return f"testsrc=size={_SIZE}:rate={FPS}:duration={duration_s:.3f}[picture]"
    parts = [
        f"color=c=0x4d6a86:s={_SIZE}:r={FPS}[bar];color=c=0x1b2430:s={_SIZE}:r={FPS}:d={duration_s:.3f}[sky];"
        f"[sky][bar]overlay=x='W*t/{duration_s:.3f}-W':y=H-12:shortest=1",
        "drawtext=text='%{pts\\:hms}':x=(w-tw)/2:y=150:fontsize=110:fontcolor=white",
    ]
    for number, line in enumerate(spoken):
        words = folder / f"{number}.txt"
        words.write_text(line.text, encoding="utf-8")
        name, colour = _NAMES[line.voice]
        shown = f"enable='between(t,{line.start_s:.2f},{line.end_s:.2f})'"
        parts.append(f"drawtext=text={name}:x=(w-tw)/2:y=400:fontsize=52:fontcolor={colour}:{shown}")
        file = words.as_posix().replace(":", "\\:")
        parts.append(f"drawtext=textfile={file}:x=(w-tw)/2:y=490:fontsize=34:fontcolor=0xd8dee6:{shown}")
    return ",".join(parts) + "[picture]"


def _can_draw_text() -> bool:
    """Whether ffmpeg has `drawtext` and finds a font; without one it fails only when it is used."""
    if "drawtext" not in available("filters"):
        return False
    try:
        run_ffmpeg("-f", "lavfi", "-i", "color=s=64x64:d=0.1", "-vf", "drawtext=text=0:fontsize=20", "-f", "null", "-")
    except PermanentError:
        return False
    return True
