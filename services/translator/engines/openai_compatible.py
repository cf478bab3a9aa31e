"""Translation by a language model behind any OpenAI-compatible chat endpoint, local or hosted."""

import threading
from collections.abc import Collection
from urllib.parse import urlsplit

from services.translator.engines._chat import Chat, Endpoint
from services.translator.engines._event_loop import EventLoop
from services.translator.engines._interview import Interview
from services.translator.engines._questions import CANDIDATES, Question
from services.translator.engines.base import WRITTEN_ALIKE, Passage, Proposal, Traits, Translation, Whole
from shared.messaging import EngineInfo
from shared.pipeline import CancelToken, ErrorCode, PermanentError, Stage

_SHARD = 32


class OpenAiTranslator:
    """Sends several requests at once, across all jobs of the process; a canceled job stops waiting immediately."""

    def __init__(self, endpoint: Endpoint, price_in: float = 0.0, price_out: float = 0.0) -> None:
        """Prices are US dollars for a million tokens.

        Raises: PermanentError, `engine_unavailable`, when the URL or the model is missing.
        """
        host = urlsplit(endpoint.url).netloc
        if not host or not endpoint.model:
            raise PermanentError(
                ErrorCode.ENGINE_UNAVAILABLE,
                "the translator 'openai' needs LOCALCLIP_OPENAI_URL (such as http://127.0.0.1:11434/v1 for Ollama) and "
                "LOCALCLIP_OPENAI_MODEL",
            )
        self._endpoint = endpoint
        self._prices = (price_in, price_out)
        self._open: tuple[EventLoop, Chat] | None = None
        self._lock = threading.Lock()
        self._info = EngineInfo(
            stage=Stage.TRANSLATION,
            port="translator",
            name="OpenAI-compatible",
            version=endpoint.model,
            licence=f"terms of {host.rpartition('@')[2]}",
            commercial_use=True,
            rewrites=True,
            proposes=True,
            model=endpoint.model,
            hint="choose a model that knows the language",
        )

    @property
    def info(self) -> EngineInfo:
        """Any pair; which ones a model masters is unknown."""
        return self._info

    @property
    def traits(self) -> Traits:
        """A whole shard at once, with its glossary and the lines around it."""
        return Traits(
            batch_lines=_SHARD,
            n_best=CANDIDATES,
            uses_context=True,
            uses_glossary=True,
            knows_names=True,
            stand_ins=WRITTEN_ALIKE,
            parallel_jobs=self._endpoint.concurrency,
            propose=self._propose,
        )

    def names(self, found: Collection[str], source: str, target: str, cancel: CancelToken) -> frozenset[str]:
        """Nothing: the model knows names."""
        return frozenset()

    def translate(self, passage: Passage, cancel: CancelToken) -> list[Translation]:
        """Translate in parallel requests of a few lines each. Raises: see the port."""
        question = Question(
            passage.source,
            passage.target,
            passage.lines,
            passage.before,
            passage.after,
            passage.glossary,
            brief=passage.brief,
        )
        loop, chat = self._opened()
        return loop.run(
            Interview(chat, passage.meter, *self._prices, self._endpoint.line_s).translate(question), cancel
        )

    def _propose(self, whole: Whole, cancel: CancelToken) -> Proposal:
        """One request about the whole video, not repeated if it is not answered in time."""
        loop, chat = self._opened()
        interview = Interview(chat, whole.meter, *self._prices, self._endpoint.line_s)
        return loop.run(interview.propose(whole, self._endpoint.timeout_s), cancel)

    def _opened(self) -> tuple[EventLoop, Chat]:
        with self._lock:
            if self._open is None:
                self._open = EventLoop("openai"), Chat(self._endpoint)
            return self._open

    def close(self) -> None:
        """Drop open requests and connections."""
        with self._lock:
            if self._open is not None:
                loop, chat = self._open
                loop.run(chat.close(), CancelToken())
                loop.close()
                self._open = None
