"""Fonts for subtitles drawn into the picture: one with the letters of a language, or a message about what to
install."""

import re
import shutil

from shared.media import ToolLimits, run_tool
from shared.observability import logger
from shared.pipeline import CancelToken, ErrorCode, LanguageInfo, PermanentError

log = logger(__name__)
_LIMITS = ToolLimits(timeout_s=60.0)
_ANY = "sans-serif"
_FONTCONFIG = {"zh": "zh-cn"}
_PACKAGES = {"ko": "fonts-noto-cjk", "ja": "fonts-noto-cjk", "zh": "fonts-noto-cjk"}


def font_for(language: LanguageInfo, wanted: str | None, cancel: CancelToken) -> str:
    """The family to draw `language` with: `wanted` if that is installed and has its letters, else one that has them.

    Without fontconfig (macOS), libass chooses.

    Raises:
        PermanentError: `export_invalid` when `wanted` is unsuitable, `engine_unavailable` when no font is suitable.
    """
    if shutil.which("fc-match") is None:
        log.info("fonts_not_checked", reason="fc-match is not installed")
        return wanted or _ANY
    code = _FONTCONFIG.get(language.code, language.code)
    family, covers = _match(wanted or _ANY, code, cancel)
    if wanted:
        if family.casefold() != wanted.casefold():
            raise PermanentError(ErrorCode.EXPORT_INVALID, f"the font '{wanted}' is not installed")
        if not covers:
            raise PermanentError(ErrorCode.EXPORT_INVALID, f"the font '{wanted}' has no letters for {language.name}")
        return family
    if covers:
        return family
    listed = run_tool(["fc-list", f":lang={code}", "family"], cancel, _LIMITS).decode("utf-8", "replace")
    families = sorted(row.split(",")[0].strip() for row in listed.splitlines() if row.strip())
    if not families:
        package = _PACKAGES.get(language.code, "fonts-dejavu-core")
        raise PermanentError(
            ErrorCode.ENGINE_UNAVAILABLE,
            f"no installed font has letters for {language.name}; on Debian or Ubuntu: sudo apt-get install {package}",
        )
    return families[0]


def _match(family: str, code: str, cancel: CancelToken) -> tuple[str, bool]:
    """The family fontconfig uses for `family`, and whether it covers the language `code`."""
    escaped = re.sub(r"([\\:,-])", r"\\\1", family) if family != _ANY else family
    found = run_tool(["fc-match", "-f", "%{family[0]}\n%{lang}", f"{escaped}:lang={code}"], cancel, _LIMITS)
    name, _, languages = found.decode("utf-8", "replace").partition("\n")
    return name.strip(), code in languages.strip().split("|")
