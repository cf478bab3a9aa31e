"""Give sentences back to words that were recognized without case and punctuation (English)."""

from collections.abc import Sequence

from shared.transcript import Word

LONG_PAUSE_S = 0.4
"""A pause that ends a sentence, unless its last word needs a continuation."""
HESITATION_S = 1.0
"""A pause that ends a sentence whatever its last word is."""
_BREATH_S = 0.03
_SHORTEST_SENTENCE = 2


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SUBJECTS = _words("i you he she it we they there this that these those")
_CONTRACTIONS = ("'m", "'re", "'s", "'ll", "'ve", "'d")
_STARTERS = _SUBJECTS | _words(
    "my your his her our their let let's thank thanks please then many most some yes no well so now first today "
    "perhaps maybe"
)
_DANGLING = _words(
    "a an the my your his her our their its and or but nor if when while because although than as of to in on at by "
    "for from with without into about over under between is are was were be been am do does did has have had can could "
    "will would shall should may might must not very that which who whose what where how why"
)
_AUXILIARIES = _words(
    "is are was do does did can could will would has have isn't aren't wasn't don't doesn't didn't couldn't wouldn't "
    "hasn't haven't"
)
_QUESTION_WORDS = _words("what where who why how when")
_QUESTION_AFTER = _words("is are was were do does did can could will would have has should")


def restore_sentences(runs: Sequence[Sequence[Word]]) -> list[list[Word]]:
    """Capitalize and punctuate; each run is what one speaker says before another takes over.

    Only the texts change, never the number, the order or the times of words. A sentence ends with its run, at a long
    pause, or at a breath after which an English clause clearly begins. Only its word order makes it a question: an
    auxiliary before its subject (`are you`, `did they`) or a question word before an auxiliary (`where is`).
    """
    restored = []
    for run in runs:
        words: list[Word] = []
        for sentence in _sentences(run):
            words += _write(sentence)
        restored.append(words)
    return restored


def _sentences(run: Sequence[Word]) -> list[list[Word]]:
    sentences: list[list[Word]] = []
    for word in run:
        if sentences and not _ends(sentences[-1], word):
            sentences[-1].append(word)
        else:
            sentences.append([word])
    return sentences


def _ends(sentence: Sequence[Word], after: Word) -> bool:
    """Whether `sentence` is over before the word `after`."""
    last = sentence[-1]
    pause_s = after.start_s - last.end_s
    if pause_s >= HESITATION_S:
        return True
    if last.text.lower() in _DANGLING:
        return False
    if pause_s >= LONG_PAUSE_S:
        return True
    return pause_s >= _BREATH_S and len(sentence) >= _SHORTEST_SENTENCE and _begins_clause(after.text.lower())


def _begins_clause(word: str) -> bool:
    return word in _STARTERS or any(word.removesuffix(ending) in _SUBJECTS for ending in _CONTRACTIONS)


def _write(sentence: Sequence[Word]) -> list[Word]:
    texts = [_pronoun(word.text) for word in sentence]
    mark = "?" if _is_question([text.lower() for text in texts]) else "."
    texts[0] = texts[0][:1].upper() + texts[0][1:]
    texts[-1] += mark
    return [word.model_copy(update={"text": text}) for word, text in zip(sentence, texts, strict=True)]


def _pronoun(word: str) -> str:
    return "I" + word[1:] if word == "i" or word.startswith("i'") else word


def _is_question(words: Sequence[str]) -> bool:
    if len(words) < 2:
        return False
    first, second = words[0], words[1]
    if first in _QUESTION_WORDS:
        return second in _QUESTION_AFTER
    return first in _AUXILIARIES and second in _SUBJECTS
