"""Who speaks: how many speakers are found, how much is given to the wrong one, how many sentences are cut."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from benchmarks.speech.conversations import RATE_HZ, Conversation, Sentence
from services.diarizer.engines import SpeakerDiarizer, Turn, VoiceActivity
from services.diarizer.lines import Draft, lines_of_words
from services.diarizer.recording import Recording
from shared.pipeline import language
from shared.transcript import Word

_WORD_S = 0.35
_FRAME_S = 0.01

Labels = NDArray[np.int64]


def measure(
    conversation: Conversation, activity: VoiceActivity, diarizer: SpeakerDiarizer, work: Path
) -> dict[str, Any]:
    """Figures of one conversation, its speakers counted and given."""
    path = work / "sound.pcm"
    path.write_bytes((np.clip(conversation.samples, -1, 1) * 32767).astype("<i2").tobytes())
    recording = Recording(path)
    speech = activity.speech(recording, _ignore)
    counted = diarizer.turns(recording, speech, None, _ignore)
    given = diarizer.turns(recording, speech, conversation.speakers, _ignore)
    words = _words(conversation.sentences)
    lines = lines_of_words(words, counted, language("en"), punctuated=True)
    told = lines_of_words(words, given, language("en"), punctuated=True)
    figures = {
        "name": conversation.name,
        "seconds": round(recording.duration_s, 1),
        "speakers": conversation.speakers,
        "found": len({line.speaker for line in lines}),
        "sentences": len(conversation.sentences) if conversation.whole else 0,
        "cut": _cut(lines, conversation) if conversation.whole else 0,
        "cut_given": _cut(told, conversation) if conversation.whole else 0,
        "confusion": _confusion(conversation, lines),
        "confusion_given": _confusion(conversation, told),
        "turn_confusion": _confusion(conversation, counted),
        "turn_confusion_given": _confusion(conversation, given),
    }
    if conversation.whole:
        return figures
    # of spoken sentences only their words are known, not the pauses inside: what is missed or false says nothing there
    rates = {
        "error_rate": diarization_error(conversation, counted),
        "error_rate_given": diarization_error(conversation, given),
    }
    return figures | rates


def summary(rows: list[dict[str, Any]]) -> dict[str, float]:
    """The figures of all conversations that have a target."""
    sentences = sum(row["sentences"] for row in rows) or 1
    seconds = sum(row["seconds"] for row in rows) or 1

    def share(name: str) -> float:
        return round(sum(float(row[name] * row["seconds"]) for row in rows) / seconds, 4)

    return {
        "number_right": round(sum(row["found"] == row["speakers"] for row in rows) / (len(rows) or 1), 3),
        "sentences_cut": round(sum(row["cut"] for row in rows) / sentences, 4),
        "confusion": share("confusion"),
        "confusion_given": share("confusion_given"),
    }


def _ignore(part: float) -> None:
    """Nobody watches."""


def _words(sentences: Sequence[Sentence]) -> list[Word]:
    """As a recognizer would tell them: evenly, the last with a full stop."""
    words: list[Word] = []
    for number, one in enumerate(sentences):
        count = max(1, round((one.end_s - one.start_s) / _WORD_S))
        edges = np.linspace(one.start_s, one.end_s, count + 1)
        for position in range(count):
            mark = "." if position == count - 1 else ""
            start_s = max(float(edges[position]), words[-1].end_s if words else 0.0)
            end_s = max(start_s, float(edges[position + 1]))
            words.append(Word(text=f"word{number}{mark}", start_s=start_s, end_s=end_s))
    return words


def _cut(lines: Sequence[Draft], conversation: Conversation) -> int:
    """Sentences whose words are given to more than one speaker."""
    owners: dict[str, set[int]] = {}
    for line in lines:
        for word in line.words:
            owners.setdefault(word.text.rstrip("."), set()).add(line.speaker)
    return sum(len(found) > 1 for found in owners.values())


def _confusion(conversation: Conversation, found: Sequence[Draft] | Sequence[Turn]) -> float:
    """Share of the time in which one speaker is heard that is given to another, with the best assignment."""
    length = int(len(conversation.samples) / RATE_HZ / _FRAME_S) + 1
    names = sorted({one.voice for one in conversation.sentences})
    truth, several = np.full(length, -1), np.zeros(length, int)
    for one in conversation.sentences:
        frames = slice(int(one.start_s / _FRAME_S), int(one.end_s / _FRAME_S))
        truth[frames] = names.index(one.voice)
        several[frames] += 1
    heard = np.full(length, -1)
    for part in found:
        heard[int(part.start_s / _FRAME_S) : int(part.end_s / _FRAME_S)] = part.speaker
    both = (several == 1) & (heard >= 0)
    if not both.any():
        return 0.0
    pairs = np.zeros((len(names), int(heard.max()) + 1))
    np.add.at(pairs, (truth[both], heard[both]), 1)
    right = pairs[linear_sum_assignment(-pairs)].sum()
    return round(1 - float(right) / float(both.sum()), 4)


def diarization_error(conversation: Conversation, found: Sequence[Turn]) -> float:
    """Diarization error: missed, false and confused speech over all speech, without a collar, overlaps included."""
    length = int(len(conversation.samples) / RATE_HZ / _FRAME_S) + 1
    names = sorted({one.voice for one in conversation.sentences})
    spoken = _frames([(one.start_s, one.end_s, names.index(one.voice)) for one in conversation.sentences], length)
    heard = _frames([(turn.start_s, turn.end_s, turn.speaker) for turn in found], length)
    own, others = linear_sum_assignment(-(spoken.astype(int) @ heard.T.astype(int)))
    right = (spoken[own] & heard[others]).sum(axis=0)
    wrong = np.maximum(spoken.sum(axis=0), heard.sum(axis=0)) - right
    return round(float(wrong.sum()) / float(spoken.sum()), 4)


def _frames(spans: Sequence[tuple[float, float, int]], length: int) -> NDArray[np.bool_]:
    """For every speaker in which frames he speaks."""
    frames = np.zeros((max((number for _, _, number in spans), default=0) + 1, length), np.bool_)
    for start_s, end_s, number in spans:
        frames[number, int(start_s / _FRAME_S) : int(end_s / _FRAME_S)] = True
    return frames
