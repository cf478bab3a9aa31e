"""What the recognizer is told to listen for."""

from pathlib import Path

from shared.messaging import DiarizeVideo
from tests.services.gateway.conftest import VIDEO
from tests.services.gateway.editing.conftest import open_studio


def test_terms_of_task_and_account_are_listened_for(sqlite_url: str, tmp_path: Path) -> None:
    """Those of the spoken language, whatever they are translated to; names that stay as they are come first."""
    studio = open_studio(sqlite_url, tmp_path)
    terms = [
        {"source_language": "en", "target_language": "es", "source": "cloud", "target": "nube"},
        {"source_language": "en", "target_language": "fr", "source": "cloud", "target": "nuage"},
        {"source_language": "de", "source": "Wolke", "target": "cloud"},
        {"source_language": "en", "source": "Zorblax"},
    ]
    for term in terms:
        assert studio.http.post("/api/glossary", json=term).status_code == 201
    config = '{"target_languages": ["es"], "source_language": "en", "glossary": [{"source": "Acme", "target": null}]}'
    parts = [("config", (None, config)), ("start", (None, "true")), ("video", ("a.mp4", VIDEO))]
    assert studio.http.post("/api/tasks", files=parts).status_code == 201
    (job,) = studio.open_jobs()
    assert isinstance(job, DiarizeVideo)
    assert job.hotwords == ("Acme", "Zorblax", "cloud")
    studio.database.close()
