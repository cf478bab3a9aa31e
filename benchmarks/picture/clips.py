"""Clips with words burned into the picture, made on the spot, and what is truly written in them."""

from dataclasses import dataclass, field
from pathlib import Path

from shared.media import run_tool
from shared.pipeline import CancelToken

FPS = 25
BACKGROUNDS = {
    "still": "gradients=c0=0x203040:c1=0x607080:x0=0:y0=0:x1=640:y1=360:speed=0.00001:seed=1",
    "moving": "testsrc2=alpha=255",
    "bright": "gradients=c0=0xf0f0e8:c1=0xd8e8f8:speed=0.02:seed=1",
    "busy": "mandelbrot=maxiter=120:start_scale=1.2:end_scale=0.3",
}
STYLES = {
    "outline": "Noto Sans CJK SC,{size},&H00FFFFFF,&H00000000,0,1,{line},0",
    "bold": "Noto Sans CJK SC,{size},&H0000E8FF,&H00000000,-1,1,{line},1",
    "serif": "Noto Serif CJK SC,{size},&H00FFFFFF,&H00202020,0,1,{line},1",
    "boxed": "Noto Sans CJK SC,{size},&H00FFFFFF,&H90000000,0,3,4,0",
    "dark": "Noto Sans CJK SC,{size},&H00101010,&H00FFFFFF,-1,1,{line},0",
}
TEXTS: dict[str, tuple[str, ...]] = {
    "zh-Hans": (
        "今天我们去山上看日出",
        "你带了多少钱？",
        "他说明天可能会下雨",
        "没关系，我们可以坐火车",
        "这家店的面条非常好吃",
    ),
    "zh-Hant": (
        "這裡的風景真是太美了",
        "請問車站在哪裡？",
        "我們應該早點出發",
        "他從來沒有見過大海",
        "晚上記得給我打電話",
    ),
    "en": (
        "We should leave before the rain",
        "Where did you put the keys?",
        "Nobody told me about it",
        "The train is already late",
        "Let us try it once more",
    ),
    "ja": (
        "明日は山へ行きましょう",
        "駅はどこにありますか？",
        "雨が降るかもしれない",
        "このラーメンはおいしいです",
        "夜になったら電話してください",
    ),
    "ko": (
        "내일 산에 갑시다",
        "역이 어디에 있습니까?",
        "비가 올지도 모릅니다",
        "이 국수는 정말 맛있어요",
        "밤에 전화해 주세요",
    ),
}


@dataclass(frozen=True)
class Line:
    """What is written, and from when to when."""

    start_s: float
    end_s: float
    text: str
    second: str = ""


@dataclass(frozen=True)
class Clip:
    """A clip to make."""

    name: str
    language: str = "zh-Hans"
    style: str = "outline"
    background: str = "moving"
    width: int = 640
    height: int = 360
    crf: int = 23
    kind: str = "plain"
    """`plain`, `two` (rows), `bilingual`, `fades`, `karaoke`, or `none`: no subtitles."""
    beside: tuple[str, ...] = ()
    """What else is written: `logo`, `ticker`, `clock`, `sign`."""
    first: int = 0
    lines: tuple[Line, ...] = field(default=())

    @property
    def said(self) -> tuple[Line, ...]:
        """The subtitles: those that were given, or four of the language."""
        if self.kind == "none":
            return ()
        return self.lines or _lines(self)

    @property
    def duration_s(self) -> float:
        """How long it lasts."""
        return (self.said[-1].end_s if self.said else 6.0) + 0.8


def _lines(clip: Clip) -> tuple[Line, ...]:
    found, at, texts = [], 0.8, TEXTS[clip.language]
    for number in range(4):
        text = texts[(clip.first + number) % len(texts)]
        second = TEXTS["en"][(clip.first + number) % 5] if clip.kind == "bilingual" else ""
        if clip.kind == "two":
            second = texts[(clip.first + number + 2) % len(texts)]
        length = (1.24, 1.6, 1.4, 1.8)[number]
        found.append(Line(round(at, 3), round(at + length, 3), text, second))
        at += length + (0.0, 0.4, 0.08, 0.6)[number]
    return tuple(found)


def make(clip: Clip, target: Path, sound: Path | None = None) -> Path:
    """Write `clip` to `target`, with `sound` or without any."""
    script = target.with_suffix(".ass")
    script.write_text(written(clip), encoding="utf-8")
    picture = f"{BACKGROUNDS[clip.background]}:s={clip.width}x{clip.height}:r={FPS}"
    picture += "" if clip.background == "busy" else f":d={clip.duration_s:.3f}"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-threads", "2", "-f", "lavfi", "-i", picture]
    command += ["-i", str(sound)] if sound else []
    command += ["-vf", f"ass={script},format=yuv420p", "-t", f"{clip.duration_s:.3f}", "-c:v", "libx264"]
    command += ["-preset", "veryfast", "-crf", str(clip.crf), "-colorspace", "bt709", "-color_primaries", "bt709"]
    command += ["-color_trc", "bt709", "-c:a", "aac", str(target)]
    run_tool(command, CancelToken())
    script.unlink()
    return target


def written(clip: Clip) -> str:
    """The ASS script of everything that is written in the picture."""
    size = round(min(clip.height, clip.width) * (0.075 if clip.height < clip.width else 0.062))
    style = STYLES[clip.style].format(size=size, line=max(1.5, size / 14))
    name, rest = style.split(",", 1)
    size_, main, outline, bold, border, width, shadow = rest.split(",")
    margin = round(clip.height * (0.06 if clip.height < clip.width else 0.2))
    rows = [
        "[Script Info]",
        f"PlayResX: {clip.width}",
        f"PlayResY: {clip.height}",
        "WrapStyle: 2",
        "ScaledBorderAndShadow: yes",
        "[V4+ Styles]",
        "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, "
        "BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV",
        f"Style: Said,{name},{size_},{main},&H000000FF,{outline},&H90000000,{bold},{border},{width},{shadow},2,5,5,"
        f"{margin}",
        f"Style: Beside,DejaVu Sans,{round(size * 0.7)},&H00E0E0E0,&H000000FF,&H00303030,&H00000000,-1,1,1,0,7,8,8,6",
        "[Events]",
        "Format: Layer, Start, End, Style, Text",
    ]
    rows += [_event(one.start_s, one.end_s, "Said", _styled(clip, one)) for one in clip.said]
    for what in clip.beside:
        rows += _beside(what, clip)
    return "\n".join(rows) + "\n"


def _styled(clip: Clip, line: Line) -> str:
    text = line.text + (f"\\N{line.second}" if line.second else "")
    if clip.kind == "fades":
        return "{\\fad(240,240)}" + text
    if clip.kind == "karaoke":
        share = round((line.end_s - line.start_s) * 100 / len(line.text))
        return "".join(f"{{\\kf{share}}}{letter}" for letter in line.text)
    return text


def _beside(what: str, clip: Clip) -> list[str]:
    end = clip.duration_s
    if what == "logo":
        return [_event(0, end, "Beside", "{\\an9}DAILY NEWS")]
    if what == "sign":
        return [_event(1, end - 1, "Beside", f"{{\\an5\\pos({clip.width // 3},{clip.height // 3})}}EXIT 24")]
    if what == "ticker":
        y = clip.height - 4
        move = f"{{\\an1\\move({clip.width},{y},{-clip.width},{y})}}"
        return [
            _event(0, end, "Beside", move + "Markets close higher as traders wait for the report of the central bank")
        ]
    times = (f"12:0{second // 60}:{second % 60:02d}" for second in range(int(end) + 1))
    return [_event(at, min(at + 1, end), "Beside", "{\\an7}" + time) for at, time in enumerate(times) if at < end]


def _event(start_s: float, end_s: float, style: str, text: str) -> str:
    return f"Dialogue: 0,{_clock(start_s)},{_clock(end_s)},{style},{text}"


def _clock(seconds: float) -> str:
    hundredths = round(seconds * 100)
    return f"{hundredths // 360000}:{hundredths // 6000 % 60:02d}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}"
