"""Where everything lies in the object store. Nothing else builds a key.

    tasks/<task>/input/<task>_<name>                      the upload
    tasks/<task>/input/fetched/<task>_<name>              the same, fetched from elsewhere
    tasks/<task>/input/subtitles/<name>                   what a person brought instead of a stage
    tasks/<task>/input/subtitles/fetched/<name>           the same, fetched from elsewhere
    tasks/<task>/processed/<attempt>/...                  one run of the base stage
    tasks/<task>/processed/background/<hash>...           the original without its voices, by video and model
    tasks/<task>/outputs/<language>/cloned_audio/<hash>   takes, named by their content
    tasks/<task>/outputs/<language>/export/<attempt>/...  one run of the export
    tasks/<task>/outputs/<language>/dub/<hash>/...        finished dub tracks, named by their content
    tasks/<task>/outputs/base/recipes/<export>/...        one export by recipe
    tasks/<task>/jobs/...                                 manifests and documents of jobs
    cast/<account>/<cast id>/sample.wav                   a person kept for other tasks
    clips/<account>/<clip id>/clip.wav                    a reference clip a person uploaded

Runs write under their attempt, so a late worker of an earlier run cannot overwrite a newer product.
"""

import hashlib
import re
import unicodedata

from shared.pipeline import Stage

_RUN = re.compile("_{2,}")
_STEM_BYTES, _EXTENSION_BYTES = 150, 12


def task_prefix(task_id: str) -> str:
    """Everything of a task."""
    return f"tasks/{task_id}/"


def safe_name(name: str) -> str:
    """Reduce a file name from outside to one that is harmless as a key, a path and a shell word.

    Letters of every script are kept; directories, control and reserved characters go.
    """
    base = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    clean = _RUN.sub("_", "".join(letter if _is_plain(letter) else "_" for letter in base)).strip("._-")
    stem, dot, extension = clean.rpartition(".")
    if not dot:
        return _cut(clean, _STEM_BYTES) or "video"
    return f"{_cut(stem, _STEM_BYTES) or 'video'}.{_cut(extension, _EXTENSION_BYTES)}"


def _is_plain(letter: str) -> bool:
    """Letters, the marks that many scripts write vowels with, and digits."""
    return letter in ".-_" or unicodedata.category(letter)[0] in "LMN"


def _cut(text: str, size: int) -> str:
    """At most `size` bytes of UTF-8: a name of 80 Chinese characters would be longer than file systems take."""
    return text.encode()[:size].decode("utf-8", "ignore").rstrip("._-")


def input_video(task_id: str, original_name: str) -> str:
    """The uploaded video."""
    return f"{task_prefix(task_id)}input/{task_id}_{safe_name(original_name)}"


def fetched_prefix(task_id: str) -> str:
    """A video that is fetched from elsewhere, and what there is of it so far."""
    return f"{task_prefix(task_id)}input/fetched/"


def fetched_video(task_id: str, original_name: str) -> str:
    """A video that was fetched from elsewhere."""
    return f"{fetched_prefix(task_id)}{task_id}_{safe_name(original_name)}"


def input_subtitles(task_id: str, language: str, name: str) -> str:
    """Subtitles a person brought for the source (`base`) or for a target language."""
    return f"{task_prefix(task_id)}input/subtitles/{language}_{safe_name(name)}"


def fetched_subtitles(task_id: str, language: str, name: str) -> str:
    """Subtitles that were fetched with the video, for the source (`base`) or for a target language."""
    return f"{task_prefix(task_id)}input/subtitles/fetched/{language}_{safe_name(name)}"


def processed(task_id: str, attempt: int, name: str) -> str:
    """A product of one run of the base stage."""
    return f"{task_prefix(task_id)}processed/{attempt}/{name}"


def background(task_id: str, content_hash: str) -> str:
    """Which separated background counts for a video and a model, created exactly once; the sound lies below it."""
    return f"{task_prefix(task_id)}processed/background/{content_hash}.json"


def background_sound(task_id: str, content_hash: str, writer: str) -> str:
    """A separated background as one of several writers made it."""
    return f"{task_prefix(task_id)}processed/background/{content_hash}/{writer}/background.flac"


def take(task_id: str, language: str, content_hash: str) -> str:
    """A synthesized line, under the hash of everything that changes how it sounds."""
    return f"{task_prefix(task_id)}outputs/{language}/cloned_audio/{content_hash}.flac"


def export_prefix(task_id: str, language: str) -> str:
    """All export runs of a language."""
    return f"{task_prefix(task_id)}outputs/{language}/export/"


def export(task_id: str, language: str, attempt: int, name: str) -> str:
    """A product of one run of the export stage."""
    return f"{export_prefix(task_id, language)}{attempt}/{name}"


def dub_track(task_id: str, language: str, content_hash: str, name: str) -> str:
    """A finished dub track, under the hash of everything that changes how it sounds."""
    return f"{task_prefix(task_id)}outputs/{language}/dub/{content_hash}/{name}"


def recipe_prefix(task_id: str, export_id: str) -> str:
    """Everything of one export by recipe."""
    return f"{task_prefix(task_id)}outputs/base/recipes/{export_id}/"


def recipe_file(task_id: str, export_id: str, name: str) -> str:
    """A file of an export by recipe."""
    return f"{recipe_prefix(task_id, export_id)}{name}"


def language_prefix(task_id: str, language: str) -> str:
    """Everything made for one language."""
    return f"{task_prefix(task_id)}outputs/{language}/"


def manifest(task_id: str, language: str, stage: Stage, shard: str, attempt: int) -> str:
    """The one result of a unit of work, created exactly once."""
    return f"{task_prefix(task_id)}jobs/{stage}/{language}/{shard}/{attempt}.json"


def document(task_id: str, language: str, stage: Stage, shard: str, attempt: int) -> str:
    """The part of a job that is too long for a message."""
    return f"{task_prefix(task_id)}jobs/{stage}/{language}/{shard}/{attempt}.document.json"


def cast_prefix(owner: str, cast_id: str) -> str:
    """Everything of a cast member."""
    return f"cast/{_account(owner)}/{cast_id}/"


def cast_sample(owner: str, cast_id: str) -> str:
    """The clip a cast member is known by."""
    return f"{cast_prefix(owner, cast_id)}sample.wav"


def clip_prefix(owner: str, clip_id: str) -> str:
    """Everything of an uploaded reference clip."""
    return f"clips/{_account(owner)}/{clip_id}/"


def clip(owner: str, clip_id: str) -> str:
    """An uploaded reference clip, as voice engines want it."""
    return f"{clip_prefix(owner, clip_id)}clip.wav"


def _account(owner: str) -> str:
    """An account's folder: its name may hold anything."""
    return hashlib.sha256(owner.encode()).hexdigest()[:16]
