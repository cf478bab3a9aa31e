"""Glossary, cast and review list on the command line."""

from pathlib import Path

from localclip.stack import Stack
from localclip_client import Client, NewTask
from tests.support.forked import command_line


def test_a_glossary_is_kept_from_the_terminal(gateway: Stack, client: Client, tmp_path: Path) -> None:
    """Add, import, list, remove; a wrong file is told row by row."""
    server = ("--server", gateway.url)
    added = command_line("glossary", "add", "cloud", "nube", "--to", "es", *server)
    assert added.returncode == 0, added.stderr
    assert "cloud → nube" in added.stdout
    file = tmp_path / "terms.csv"
    file.write_text("source_language,source,pronunciation\nen,Acme,akmi\n", "utf-8")
    assert command_line("glossary", "import", str(file), *server).stdout.strip() == "1 added, 0 updated, 0 unchanged"
    listed = command_line("glossary", "list", "--to", "es", *server).stdout
    assert "akmi" in listed
    assert "nube" in listed
    file.write_text("source_language,source\nxx,a\n", "utf-8")
    wrong = command_line("glossary", "import", str(file), *server)
    assert wrong.returncode == 1
    assert "row 2, source_language" in wrong.stderr
    for term in client.terms():
        assert command_line("glossary", "remove", term.term_id, *server).returncode == 0
    assert client.terms() == ()


def test_cast_and_review_answer(gateway: Stack, client: Client, short_video: Path) -> None:
    """Nobody is known yet, nothing is to be looked at, and an unknown speaker is one line of error."""
    server = ("--server", gateway.url)
    task = client.create(NewTask(short_video, ()), start=False)
    assert "0 people" in command_line("cast", "list", *server).stdout
    refused = command_line("cast", "keep", task.task_id, "spk_1", *server)
    assert (refused.returncode, "not_found" in refused.stderr) == (1, True)
    assert command_line("review", task.task_id, *server).stdout.strip() == "no line needs a look"
    client.delete(task.task_id)


def test_a_new_task_leaves_out_what_the_settings_may_say(short_video: Path) -> None:
    """Languages are always meant."""
    assert NewTask(short_video, ("es",)).config() == {"target_languages": ["es"]}
    assert NewTask(short_video, (), num_speakers=2).config() == {"target_languages": [], "num_speakers": 2}
    tracks = NewTask(short_video, (), audio_track="1+2", text_track=1)
    assert tracks.config() == {"target_languages": [], "audio_track": "1+2", "text_track": 1}
