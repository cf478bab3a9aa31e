"""How words sound, by eSpeak NG: a recognizer that writes "casée" for "casé" has understood it."""

import re
import shutil
from collections.abc import Iterable, Mapping

from shared.media import ToolLimits, run_tool
from shared.observability import logger
from shared.pipeline import CancelToken, PermanentError

_VOICES = {"en": "en-us", "fr": "fr", "es": "es", "de": "de", "id": "id"}
_LIMITS = ToolLimits(timeout_s=60.0, memory_bytes=1024**3)
_NO_SOUND = re.compile(r"\([^)]*\)|[^\w~\u0303]|[ˈˌː_]")  # switches of voice, stress, length, what ties
_MERGED = {"es": str.maketrans("βðɣ", "bdɡ"), "fr": str.maketrans("ɛɔœə", "eoøø")}
"""Sounds that a language, or most of its speakers, do not distinguish."""
log = logger(__name__)


def sounds_of(words: Iterable[str], code: str, cancel: CancelToken) -> Mapping[str, str]:
    """What each of `words` of the language `code` sounds like; empty if that is unknown here."""
    asked = sorted(set(words))
    if not asked or code not in _VOICES or shutil.which("espeak-ng") is None:
        return {}
    command = ["espeak-ng", "-q", "--ipa", "-v", _VOICES[code]]
    try:
        said = run_tool(command, cancel, _LIMITS, data="\n".join(asked).encode()).decode().strip("\n").split("\n")
    except PermanentError as error:  # different spellings count as misheard, as without eSpeak NG
        log.warning("no_sounds", language=code, error=str(error))
        return {}
    if len(said) != len(asked):
        log.warning("no_sounds", language=code, error=f"{len(said)} rows for {len(asked)} words")
        return {}
    merged = _MERGED.get(code, {})
    return {word: _NO_SOUND.sub("", sound).translate(merged) for word, sound in zip(asked, said, strict=True)}
