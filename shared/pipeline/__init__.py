"""The stages of a dub as data, the languages offered, the words for states and errors."""

from shared.pipeline._cancel import CancelToken
from shared.pipeline._errors import Canceled, ErrorCode, PermanentError, PipelineError, TransientError
from shared.pipeline._languages import (
    BASE,
    SOURCE_LANGUAGES,
    TARGET_LANGUAGES,
    ChineseScript,
    LanguageInfo,
    SubtitleLimits,
    chinese_script,
    language,
    language_of_tag,
    one_script,
)
from shared.pipeline._limits import FitLimits
from shared.pipeline._plugins import create_from_package
from shared.pipeline._stages import (
    GRAPH,
    Lane,
    LineState,
    Stage,
    StageSpec,
    Status,
    language_stages,
    next_stage,
    stages_through,
)

__all__ = [
    "BASE",
    "GRAPH",
    "SOURCE_LANGUAGES",
    "TARGET_LANGUAGES",
    "CancelToken",
    "Canceled",
    "ChineseScript",
    "ErrorCode",
    "FitLimits",
    "Lane",
    "LanguageInfo",
    "LineState",
    "PermanentError",
    "PipelineError",
    "Stage",
    "StageSpec",
    "Status",
    "SubtitleLimits",
    "TransientError",
    "chinese_script",
    "create_from_package",
    "language",
    "language_of_tag",
    "language_stages",
    "next_stage",
    "one_script",
    "stages_through",
]
