"""Translation by Apertium's rules: no weights, a few milliseconds a line, fair between related languages."""

import re
import shutil
import subprocess
import threading
from collections import OrderedDict
from collections.abc import Collection
from pathlib import Path

from services.translator.engines._modes import Mode, data_folder, find_routes, installed_modes
from services.translator.engines._pipeline import KeptPipeline, PipelineLostError
from services.translator.engines._replies import reply
from services.translator.engines._stream_format import Unit, from_record, read_units, to_analyse, to_record
from services.translator.engines.base import Passage, Traits, Translation
from shared.media import ToolLimits, run_tool
from shared.messaging import EngineInfo
from shared.observability import logger
from shared.pipeline import SOURCE_LANGUAGES, CancelToken, ErrorCode, PermanentError, Stage

_STAND_INS = (
    "Kennedy", "Clinton", "Reagan", "Mozart", "Roosevelt", "Truman",
    "Thatcher", "Blair", "Mandela", "Shakespeare", "Jackson", "Robinson",
)  # fmt: skip
"""Surnames that every dictionary used here knows and leaves unchanged.

A known surname keeps the sentence's grammar ("Kennedy's house" gives "la casa de Kennedy"); an unknown word does not
("Xqaa's house" gives "Xqaa la casa"). They begin with consonants, so that French and Catalan do not elide before them.
"""

_MAX_PIPELINES = 3
"""Enough for a pivot and a direct direction; Catalan to French alone takes 660 MB, so not all used ones are kept."""

_IDLE_S = 300.0
_ANALYSIS = ToolLimits(timeout_s=30.0)
_KNOWN_WORDS = 4096
log = logger(__name__)


class ApertiumTranslator:
    """Keeps the pipelines of the directions in use running; one that died or hangs is replaced."""

    def __init__(self, data: Path | None = None, timeout_s: float = 60.0) -> None:
        self._routes = find_routes(installed_modes(data or data_folder()), SOURCE_LANGUAGES)
        self._timeout_s = timeout_s
        self._info = _describe(self._routes)
        self._pipelines: OrderedDict[Mode, KeptPipeline] = OrderedDict()
        self._is_name: dict[tuple[Mode, str], bool] = {}
        self._lock = threading.RLock()
        self._idle: threading.Timer | None = None

    @property
    def info(self) -> EngineInfo:
        """The pairs whose data are really installed."""
        return self._info

    @property
    def traits(self) -> Traits:
        """One line at a time: Apertium uses no context, and a failure then affects only one line."""
        return Traits(batch_lines=1, stand_ins=_STAND_INS)

    def names(self, found: Collection[str], source: str, target: str, cancel: CancelToken) -> frozenset[str]:
        """Names that the dictionary lists as people or products, or does not know.

        Places, weekdays and peoples are left to it ("London" has to become "Londres").
        """
        mode = self._route(source, target)[0]
        unknown = sorted(word for word in found if (mode, word) not in self._is_name)
        if unknown:
            command = ["env", "LC_ALL=C.UTF-8", *mode.analyser()]
            rows = read_units(run_tool(command, cancel, _ANALYSIS, data=to_analyse(unknown)))
            if len(self._is_name) > _KNOWN_WORDS:
                self._is_name.clear()
            if len(rows) == len(unknown):
                self._is_name |= {
                    (mode, word): _names_someone(units) for word, units in zip(unknown, rows, strict=True)
                }
        return frozenset(word for word in found if self._is_name.get((mode, word), False))

    def translate(self, passage: Passage, cancel: CancelToken) -> list[Translation]:
        """Translate line by line along the pair's route."""
        route = self._route(passage.source, passage.target)
        with self._lock:
            self._stop_idling()
            try:
                return [
                    Translation(line.index, (self._rendered(route, line.text, passage, cancel),))
                    for line in passage.lines
                ]
            finally:
                self._idle = threading.Timer(_IDLE_S, self.close)
                self._idle.daemon = True
                self._idle.start()

    def close(self) -> None:
        """End all pipelines."""
        with self._lock:
            self._stop_idling()
            while self._pipelines:
                self._pipelines.popitem()[1].close()

    def _rendered(self, route: tuple[Mode, ...], text: str, passage: Passage, cancel: CancelToken) -> str:
        return reply(text, passage.source, passage.target) or self._along(route, text, cancel)

    def _along(self, route: tuple[Mode, ...], text: str, cancel: CancelToken) -> str:
        for mode in route:
            text = from_record(self._through(mode, to_record(text), cancel), text)
        return text

    def _through(self, mode: Mode, record: bytes, cancel: CancelToken) -> bytes:
        """Send a record through the kept pipeline; one that ended since the last line is replaced once."""
        kept = mode in self._pipelines
        try:
            return self._exchange(mode, record, cancel)
        except PipelineLostError as error:
            if not kept:
                raise
            log.warning("pipeline_replaced", direction=f"{mode.source}-{mode.target}", reason=error.message)
            return self._exchange(mode, record, cancel)

    def _exchange(self, mode: Mode, record: bytes, cancel: CancelToken) -> bytes:
        pipeline = self._pipelines.pop(mode, None) or self._start(mode)
        answer = pipeline.exchange(record, cancel, self._timeout_s)
        self._pipelines[mode] = pipeline  # the newest; one that failed is not put back
        return answer

    def _start(self, mode: Mode) -> KeptPipeline:
        while len(self._pipelines) >= _MAX_PIPELINES:
            self._pipelines.popitem(last=False)[1].close()
        return KeptPipeline(mode)

    def _stop_idling(self) -> None:
        if self._idle:
            self._idle.cancel()
            self._idle = None

    def _route(self, source: str, target: str) -> tuple[Mode, ...]:
        try:
            return self._routes[source, target]
        except KeyError:
            raise PermanentError(
                ErrorCode.LANGUAGE_UNSUPPORTED, f"Apertium does not translate {source} → {target} here"
            ) from None


def _describe(routes: dict[tuple[str, str], tuple[Mode, ...]]) -> EngineInfo:
    # No pair at all would mean "any pair"; without data only a language to itself remains possible.
    pairs = tuple(sorted(routes)) or tuple((code, code) for code in SOURCE_LANGUAGES)
    return EngineInfo(
        stage=Stage.TRANSLATION,
        port="translator",
        name="Apertium",
        version=_version(),
        licence="GPL-2.0-or-later",
        commercial_use=True,
        pairs=pairs,
        hint="bring your own translation as a subtitle file, or fetch a model that has the language (localclip models "
        "list); between English, Spanish and French the packages apertium-eng-spa apertium-eng-cat apertium-fra-cat do",
    )


def _version() -> str:
    if not shutil.which("apertium"):
        return "not installed"
    said = subprocess.run(["apertium", "-V"], capture_output=True, text=True, timeout=10, check=False).stdout
    found = re.search(r"\d[\w.]*", said)
    return found[0] if found else "unknown"


def _names_someone(units: list[Unit]) -> bool:
    """Whether any word of a name is a person's or a product's, or unknown; places and common words are not."""
    return any(_is_name(unit.readings) for unit in units)


def _is_name(readings: Collection[str]) -> bool:
    if any(reading.startswith("*") for reading in readings):
        return True
    place = any("<np><loc>" in reading or "<np><top>" in reading for reading in readings)
    capitalized_word = any(reading[:1].isupper() and "<np>" not in reading for reading in readings)  # Monday, English
    return any("<np>" in reading for reading in readings) and not place and not capitalized_word
