# Made of `_async` by `make generate`: change it there.
"""What an account keeps: glossary, cast; and the voices there are."""

from pathlib import Path

from localclip_client._sync.transport import SyncTransport
from localclip_client._waiting import call
from localclip_client._wire import as_list, as_model, at, given
from localclip_client.models import CastMember, Term, Voice


class SyncAccount(SyncTransport):
    """Beyond single tasks."""

    def voices(self, language: str) -> tuple[Voice, ...]:
        """Voices that speak a language."""
        return as_list(Voice, self._get(at("voices"), params={"language": language}))

    def terms(self, source_language: str | None = None, target_language: str | None = None) -> tuple[Term, ...]:
        """The glossary of the account."""
        asked = given(source=source_language, target=target_language, limit=10000)
        return as_list(Term, self._get(at("glossary"), params=asked))

    def add_term(
        self,
        source_language: str,
        target_language: str | None,
        source: str,
        target: str | None = None,
        pronunciation: str | None = None,
    ) -> Term:
        """Add a glossary term."""
        body = {
            "source_language": source_language,
            "target_language": target_language,
            "source": source,
            "target": target,
            "pronunciation": pronunciation,
        }
        return as_model(Term, self._post(at("glossary"), json=body))

    def remove_term(self, term_id: str) -> None:
        """Remove a glossary term."""
        self._delete(at("glossary", term_id))

    def import_terms(self, file: Path) -> dict[str, int]:
        """Take over a CSV file of terms; says how many were added, updated and unchanged."""
        content = call(file.read_bytes)
        answer = self._post(at("glossary", "import"), content=content, headers={"Content-Type": "text/csv"})
        return {str(word): int(count) for word, count in answer.json().items()}

    def cast(self) -> tuple[CastMember, ...]:
        """People known from earlier tasks."""
        return as_list(CastMember, self._get(at("cast")))

    def keep_speaker(self, task_id: str, speaker_id: str, name: str | None = None) -> CastMember:
        """Keep a speaker of a task as a known person."""
        body = {"task_id": task_id, "speaker_id": speaker_id, "name": name}
        return as_model(CastMember, self._post(at("cast"), json=body))
