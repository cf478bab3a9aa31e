"""Exports by recipe: the presets, and what is refused before any work starts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shared.messaging import (
    EVERY,
    SOURCE,
    AudioTrack,
    BurnIn,
    EditTimeline,
    ExportRecipe,
    Publication,
    SubtitleFile,
    SubtitleTrack,
)


@dataclass(frozen=True)
class Preset:
    """A recipe by name; `*` stands for every finished language."""

    name: str
    title: str
    description: str
    recipe: ExportRecipe


_DUB, _ORIGINAL = AudioTrack(kind="dub", language=EVERY, default=True), AudioTrack(kind="original")
_ALL_FORMATS = tuple(SubtitleFile(language=EVERY, format=name) for name in ("srt", "vtt", "ass", "ttml"))


def _sound(name: str, description: str) -> Preset:
    recipe = ExportRecipe.model_validate(
        {"kind": "audio", "audio": [{"kind": "dub", "language": EVERY}], "audio_format": name}
    )
    return Preset(f"audio_{name}", f"Sound only ({name.upper()})", description, recipe)


PRESETS: tuple[Preset, ...] = (
    Preset(
        "master",
        "One video with all languages",
        "The picture as it is, a dubbed track and subtitles for every language, the original behind them.",
        ExportRecipe(
            audio=(_DUB, _ORIGINAL), subtitles=(SubtitleTrack(language=EVERY), SubtitleTrack(language=SOURCE))
        ),
    ),
    Preset(
        "dub_only",
        "Dubbed video without the original",
        "The dub replaces the original sound; soft subtitles go along.",
        ExportRecipe(audio=(_DUB,), subtitles=(SubtitleTrack(language=EVERY),)),
    ),
    Preset(
        "original_with_subtitles",
        "Original sound with subtitles",
        "Nothing dubbed: the original with subtitles in every language.",
        ExportRecipe(audio=(_ORIGINAL,), subtitles=(SubtitleTrack(language=EVERY),)),
    ),
    Preset(
        "burned",
        "Dubbed video with burned-in subtitles",
        "For players without subtitles; the picture is encoded again. One language at a time.",
        ExportRecipe(audio=(_DUB,), burn=BurnIn(language=EVERY)),
    ),
    Preset(
        "bilingual",
        "Original sound with bilingual subtitles burned in",
        "The translation with the original text below it, for learners. One language at a time.",
        ExportRecipe(audio=(_ORIGINAL,), burn=BurnIn(language=EVERY, second=SOURCE)),
    ),
    _sound("wav", "Every dub as WAV, 24 bit, without loss."),
    _sound("flac", "Every dub as FLAC, 24 bit, without loss."),
    _sound("mp3", "Every dub as MP3, stereo."),
    Preset(
        "stems",
        "Stems for a mixing desk",
        "For every language its bed and its voices, which add up to the dub, and the original; 32-bit float WAV.",
        ExportRecipe(
            kind="stems",
            audio=(AudioTrack(kind="bed", language=EVERY), AudioTrack(kind="voices", language=EVERY), _ORIGINAL),
        ),
    ),
    Preset(
        "editing",
        "For an editing program",
        "An OpenTimelineIO timeline for every language, its takes as WAV files, and one video with all dubs.",
        ExportRecipe(audio=(_DUB, _ORIGINAL), timelines=(EditTimeline(language=EVERY),), bundle=True),
    ),
    Preset(
        "youtube",
        "Kit for YouTube",
        "A sound file for every language, as long as the video, its subtitles, and title and description translated.",
        ExportRecipe(
            kind="audio",
            audio=(AudioTrack(kind="dub", language=EVERY),),
            audio_format="m4a",
            sidecars=(SubtitleFile(language=EVERY), SubtitleFile(language=SOURCE)),
            publication=Publication(),
            bundle=True,
        ),
    ),
    Preset(
        "subtitles",
        "Subtitle files",
        "SRT, WebVTT, ASS and TTML (IMSC 1.1) for every language in one ZIP archive.",
        ExportRecipe(kind="subtitles", sidecars=_ALL_FORMATS, bundle=True),
    ),
)


_STEM_BYTES = 100  # of UTF-8: what comes after it is not cut off where names are stored


def file_name(original_name: str, recipe: ExportRecipe) -> str:
    """What the files of `recipe` are called after if it does not say: `talk.master`, with subtitles burned in
    `talk.burned.es`; "" for one that is like no preset, which leaves them the name of the video."""
    shape = _shape(recipe)
    preset = next((preset.name for preset in PRESETS if _shape(preset.recipe) == shape), None)
    if preset is None:
        return ""
    stem = original_name.rpartition(".")[0] or original_name
    stem = stem.encode()[:_STEM_BYTES].decode(errors="ignore")[:50]
    return ".".join([stem, preset, *([recipe.burn.language or ""] if recipe.burn else [])])


def _shape(recipe: ExportRecipe) -> object:
    """What kind of files a recipe makes, whichever languages it names."""

    def every(language: str | None) -> str | None:
        return language if language in (None, SOURCE) else EVERY

    return (
        recipe.kind,
        {(track.kind, every(track.language), track.per_speaker) for track in recipe.audio},
        {(every(track.language), every(track.second)) for track in recipe.subtitles},
        recipe.burn and (every(recipe.burn.language), every(recipe.burn.second)),
        recipe.picture is not None,
        {(file.format, every(file.language), every(file.second)) for file in recipe.sidecars},
        {every(one.language) for one in recipe.timelines},
        None if recipe.kind == "video" else recipe.audio_format,
        recipe.publication is not None,
        recipe.bundle,
    )


@dataclass(frozen=True)
class Finished:
    """How far a language is, as far as recipes need it: whether its lines have text, and whether it was dubbed."""

    translated: bool
    dubbed: bool


@dataclass(frozen=True)
class Refusal:
    """Why a recipe cannot be made, and which place in it is the reason."""

    code: str
    detail: str
    pointer: str


def finished_languages(recipe: ExportRecipe, languages: Mapping[str, Finished]) -> Sequence[str]:
    """What `*` stands for in `recipe`: dubbed languages, or translated ones if only text is requested."""
    dubbing = any(recipe.dubs())
    return [code for code, how in languages.items() if (how.dubbed if dubbing else how.translated)]


def refusals(
    recipe: ExportRecipe,
    languages: Mapping[str, Finished],
    *,
    has_audio: bool,
    has_lines: bool,
    has_separator: bool,
) -> Iterator[Refusal]:
    """Everything in a recipe without `*` that is known to be impossible."""
    for number, track in enumerate(recipe.audio):
        where = f"/audio/{number}"
        if track.kind != "original" and track.language is not None:
            continue
        if not has_audio:
            yield Refusal("no_original_audio", "the video has no audio of its own", where)
        elif track.kind != "original" and not has_separator:
            detail = "no separator is at hand that takes the voices out of the original; name a language instead"
            yield Refusal("separator_missing", detail, f"{where}/language")
    for where, dubbed in recipe.dubs():
        if dubbed is not None:
            yield from _not_ready(dubbed, languages, where, dubbed=True)
    for where, text in recipe.texts():
        for field, code in (("language", text.language), ("second", text.second)):
            if code == SOURCE and not has_lines:
                yield Refusal("nothing_to_read", "no speech of the original is known", f"{where}/{field}")
            elif code not in (None, SOURCE):
                yield from _not_ready(code, languages, f"{where}/{field}", dubbed=False)


def _not_ready(code: str, languages: Mapping[str, Finished], where: str, *, dubbed: bool) -> Iterator[Refusal]:
    if code not in languages:
        known = ", ".join(languages) or "none"
        yield Refusal("unknown_language", f"'{code}' is no language of this task; it has {known}", where)
    elif dubbed and not languages[code].dubbed:
        yield Refusal("language_not_dubbed", f"nothing is dubbed to '{code}' yet", where)
    elif not dubbed and not languages[code].translated:
        yield Refusal("language_not_translated", f"nothing is translated to '{code}' yet", where)
