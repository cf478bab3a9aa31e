"""Jobs, results and facts; the streams that carry them; the runtime that works through them."""

from shared.messaging import _subjects as subjects
from shared.messaging._context import JobContext, ProgressBox
from shared.messaging._dead import DeadLetter, bury_copy
from shared.messaging._engines import EngineInfo, announce_engines, announced_engines
from shared.messaging._facts import Fact, Progress, RawProgress, fact
from shared.messaging._jobs import (
    JOB_OF,
    CloneLines,
    DiarizeVideo,
    EngineUsed,
    ExportLanguage,
    ExportSettings,
    GlossaryTerm,
    Job,
    LineToSpeak,
    Message,
    SourceLine,
    SpeakerVoice,
    Timeline,
    TimelineLine,
    TranslateLines,
)
from shared.messaging._publishing import is_connected, publish_once, publish_until_stored
from shared.messaging._results import (
    RESULT,
    ExportedFile,
    JobFailed,
    JobResult,
    LanguageExported,
    LinesDubbed,
    LinesTranslated,
    LineTake,
    Result,
    TranscriptReady,
    TranslatedLine,
    failed,
)
from shared.messaging._settings import BrokerSettings, WorkerSettings, connect_options
from shared.messaging._streams import (
    ADVISORIES_CONSUMER,
    RESULTS_CONSUMER,
    Provisioning,
    ProvisioningError,
    provision,
)
from shared.messaging._subjects import JobSubject
from shared.messaging._worker import Worker

__all__ = [
    "ADVISORIES_CONSUMER",
    "JOB_OF",
    "RESULT",
    "RESULTS_CONSUMER",
    "BrokerSettings",
    "CloneLines",
    "DeadLetter",
    "DiarizeVideo",
    "EngineInfo",
    "EngineUsed",
    "ExportLanguage",
    "ExportSettings",
    "ExportedFile",
    "Fact",
    "GlossaryTerm",
    "Job",
    "JobContext",
    "JobFailed",
    "JobResult",
    "JobSubject",
    "LanguageExported",
    "LineTake",
    "LineToSpeak",
    "LinesDubbed",
    "LinesTranslated",
    "Message",
    "Progress",
    "ProgressBox",
    "Provisioning",
    "ProvisioningError",
    "RawProgress",
    "Result",
    "SourceLine",
    "SpeakerVoice",
    "Timeline",
    "TimelineLine",
    "TranscriptReady",
    "TranslateLines",
    "TranslatedLine",
    "Worker",
    "WorkerSettings",
    "announce_engines",
    "announced_engines",
    "bury_copy",
    "connect_options",
    "fact",
    "failed",
    "is_connected",
    "provision",
    "publish_once",
    "publish_until_stored",
    "subjects",
]
