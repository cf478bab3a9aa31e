"""Keys and names from outside."""

import shlex
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.pipeline import Stage
from shared.storage import InvalidKey, check_key, keys

hostile = st.one_of(
    st.text(max_size=300),
    st.text(st.characters(), max_size=40),
    st.text(st.sampled_from("./\\:;|&$`'\"<>*?~ \n\t\0-_%a가"), max_size=60),
    st.sampled_from(
        ["../../etc/passwd", "C:\\Windows\\x.mp4", "-rf", "$(reboot).mp4", "CON", ".htaccess", "a\u202egnp.exe"]
    ),
)
TASK = "task_20260101_000000_0123abcd"


@given(hostile)
def test_any_name_becomes_harmless(name: str) -> None:
    """A name from outside yields one plain path segment, no shell word, no option, no hidden file."""
    safe = keys.safe_name(name)
    assert safe
    assert PurePosixPath(safe).parts == PureWindowsPath(safe).parts == (safe,)
    assert safe[0] not in ".-_"
    assert not any(letter.isspace() or letter in "'\"$`;&|<>*?!\\()[]{}~#%:" for letter in safe)
    assert len(safe.encode()) <= 170
    safe.encode()


@given(hostile)
def test_every_key_built_is_valid(name: str) -> None:
    """The keys of uploads are accepted by every store."""
    for key in (keys.input_video(TASK, name), keys.input_subtitles(TASK, "base", name)):
        assert check_key(key) == key
        assert key.startswith(keys.task_prefix(TASK))


@given(hostile)
def test_safe_name_is_stable(name: str) -> None:
    """A safe name stays as it is."""
    safe = keys.safe_name(name)
    assert keys.safe_name(safe) == safe


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("holiday.mp4", "holiday.mp4"),
        ("우리 가족.MOV", "우리_가족.MOV"),
        ("हिन्दी फिल्म.mp4", "हिन्दी_फिल्म.mp4"),
        ("a/b\\c/film (1).mkv", "film_1.mkv"),
        ("..", "video"),
        ("", "video"),
        ("...mp4", "mp4"),
        ("日" * 100 + ".mp4", "日" * 50 + ".mp4"),
    ],
)
def test_readable_names_stay_readable(name: str, safe: str) -> None:
    """Letters of every script and the ending are kept."""
    assert keys.safe_name(name) == safe


@given(st.text(max_size=80))
def test_check_key_accepts_plain_paths_only(key: str) -> None:
    """What passes is relative, free of dots-only segments, and can be written to any disk."""
    try:
        check_key(key)
    except InvalidKey:
        return
    path = PurePosixPath(key)
    assert not path.is_absolute()
    assert "/".join(path.parts) == key
    assert not {"..", "."} & set(path.parts)
    assert key.encode().decode() == key
    assert "\0" not in key
    assert "\\" not in key


def test_attempts_do_not_share_keys() -> None:
    """Each attempt has a manifest, a document and products of its own, all below the task."""
    made = [
        build(attempt)
        for attempt in (1, 2)
        for build in (
            lambda attempt: keys.manifest(TASK, "es", Stage.TRANSLATION, "0", attempt),
            lambda attempt: keys.document(TASK, "es", Stage.TRANSLATION, "0", attempt),
            lambda attempt: keys.processed(TASK, attempt, "audio.flac"),
            lambda attempt: keys.export(TASK, "es", attempt, "report.json"),
        )
    ]
    assert len(set(made)) == len(made)
    assert all(check_key(key).startswith(keys.task_prefix(TASK)) for key in made)
    assert all(shlex.quote(key) == key for key in made)


def test_accounts_do_not_share_folders() -> None:
    """Whatever their names hold; what is kept for an account lies outside of every task."""
    made = [build(owner, "x") for owner in ("", "ann", "../bob", "b" * 80) for build in (keys.cast_sample, keys.clip)]
    assert len(set(made)) == len(made)
    assert all(check_key(key) and not key.startswith("tasks/") for key in made)
    assert keys.cast_sample("ann", "x").startswith(keys.cast_prefix("ann", "x"))
    assert keys.clip("ann", "x").startswith(keys.clip_prefix("ann", "x"))
