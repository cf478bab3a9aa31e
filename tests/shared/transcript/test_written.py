"""Which language a subtitle file is written in."""

import pytest

from shared.transcript import RemarkKind, read_subtitles

ITALIAN = ("Il treno parte alle nove di mattina.", "Ho comprato il biglietto ieri sera.", "Ci vediamo alla stazione.")
ENGLISH = ("The train leaves at nine in the morning.", "I bought the ticket last night.", "See you at the station.")
GERMAN = ("Der Zug fährt um neun Uhr ab.", "Ich habe die Karte gestern gekauft.", "Wir sehen uns am Bahnhof.")
SPANISH = ("El tren sale a las nueve de la mañana.", "Compré el billete anoche.", "Nos vemos en la estación.")
JAPANESE = ("電車は朝の九時に出ます。", "切符は昨日の夜に買いました。", "駅で会いましょう。")


def srt(*texts: str) -> bytes:
    """A file with a cue for each of `texts`."""
    cues = (f"{n}\n00:00:{2 * n:02},000 --> 00:00:{2 * n + 1:02},500\n{text}\n" for n, text in enumerate(texts, 1))
    return "\n".join(cues).encode()


def told(data: bytes, language: str | None) -> list[str]:
    """What is said of the language of a file."""
    return [one.text for one in read_subtitles(data, language).remarks if one.kind == RemarkKind.READS_LIKE]


@pytest.mark.parametrize(
    ("texts", "said", "like"),
    [
        (ITALIAN, "en", "Italian, not like English"),
        (GERMAN, "en", "German, not like English"),
        (ENGLISH, "es", "English, not like Spanish"),
        (SPANISH, "fr", "Spanish, not like French"),
        (JAPANESE, "zh", "Japanese, not like Chinese"),
        (ENGLISH, "ko", "English, not like Korean"),
    ],
)
def test_a_file_in_another_language_is_noticed(texts: tuple[str, ...], said: str, like: str) -> None:
    """Whatever letters both have in common; nothing of the file is changed."""
    (text,) = told(srt(*texts), said)
    assert text.startswith(f"it reads like {like}")
    assert [cue.text for cue in read_subtitles(srt(*texts), said).cues] == list(texts)


@pytest.mark.parametrize(
    ("texts", "said"), [(ENGLISH, "en"), (GERMAN, "de"), (SPANISH, "es"), (JAPANESE, "ja"), (ITALIAN, None)]
)
def test_nothing_is_said_of_a_file_in_its_language(texts: tuple[str, ...], said: str | None) -> None:
    """Nor of one whose language nobody named."""
    assert told(srt(*texts), said) == []


@pytest.mark.parametrize(
    "texts",
    [
        ("Ja.", "Nein!", "Danke."),
        ("Johann Sebastian Bach", "Giuseppe Verdi", "Claude Debussy", "Manuel de Falla", "Antonín Dvořák"),
        ("Open src/app.py, then run npm install --save-dev vite@5.", "See https://example.com/a/b?c=d."),
        ("It costs $1,250.50.", "03/04/2025, 10:30 a.m.", "2.4 GB, 25 °C, 60 mph, 50 %"),
        ("TOO LOUD! STOP THE CAR!", "N-n-no! Nooooo!", "Pffft... OK."),
        (*ENGLISH, *ITALIAN),
    ],
    ids=["replies", "names", "code", "figures", "shouts", "both"],
)
def test_what_could_be_in_any_language_is_not_judged(texts: tuple[str, ...]) -> None:
    """Short replies, names, code, figures, and files in two languages."""
    assert told(srt(*texts), "en") == []
