"""Lay the translation of a sentence back over the lines that its source was spoken in."""

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise

from shared.transcript._phrases import phrases

_SENTENCE_ENDS = tuple(".?!。？！…")
_CLAUSE_ENDS = tuple(",;:、，；：—")
_TIME_WEIGHT = 4.0
_SENTENCE_GAIN, _CLAUSE_GAIN, _DANGLING_COST = 1.0, 0.6, 0.8
"""In squares of parts of a line's length: a comma is worth a break 0.4 lines away from where time would put it."""
_MOST_PIECES = 400
"""What is longer is no sentence; laying it would take time squared."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DANGLING = {
    "en": _words(
        "a an the my your his her our their its and or but if to of in on at by for from with is are was were be very "
        "that which who not two three four five six seven eight nine ten"
    ),
    "es": _words(
        "el la los las un una unos unas de del al a en con por para sin sobre y e o u que mi tu su mis tus sus nuestro "
        "nuestra muy no se lo le les me te nos es son está están como si pero porque dos "
        "tres cuatro cinco seis siete ocho nueve diez"
    ),
    "fr": _words(
        "le la les un une des de du à au aux en dans par pour avec sur et ou que qui mon ma mes ton ta tes son sa ses "
        "notre votre leur très ne se je tu il elle on nous vous est sont ce cet cette ces mais deux trois "
        "quatre cinq six sept huit neuf dix"
    ),
    "de": _words(
        "der die das den dem des ein eine einen einem einer eines mein dein sein ihr unser und oder aber in im an am "
        "auf bei mit von vom zu zum zur für sehr ist sind nicht dass wenn weil zwei drei vier "
        "fünf sechs sieben acht neun zehn"
    ),
    "id": _words(
        "di ke dari dan atau tetapi yang untuk dengan pada oleh sangat adalah sebuah seorang tidak jika dua "
        "tiga empat lima enam tujuh delapan sembilan sepuluh"
    ),
}
"""Words that a line does not end with where it can be helped: what they belong to would begin the next."""


def lay_over(text: str, shares: Sequence[float], language: str, *, spaces: bool) -> list[str] | None:
    """Cut `text` into as many parts as there are `shares` of time, none empty; None when it has too few words.

    Breaks fall between words, near where the time of each line puts them, rather after a comma than after an article.
    """
    whole = " ".join(text.split())
    pieces = phrases(whole, spaces=spaces)
    count = len(shares)
    if count == 1:
        return [whole]
    if not count <= len(pieces) <= _MOST_PIECES:
        return None
    ends = list(accumulate(len(piece) for piece in pieces))
    total_s = sum(shares) or 1.0
    wanted = [share / total_s * len(whole) for share in accumulate(shares)]
    average = len(whole) / count
    dangling = _DANGLING.get(language, frozenset())
    gains = [_gain(piece, dangling) for piece in pieces]

    def cost(piece: int, line: int) -> float:
        return _TIME_WEIGHT * ((ends[piece] - wanted[line]) / average) ** 2 - gains[piece]

    breaks = _cheapest(len(pieces), count, cost)
    edges = [0, *(at + 1 for at in breaks), len(pieces)]
    return ["".join(pieces[start:end]).strip() for start, end in pairwise(edges)]


def _gain(piece: str, dangling: frozenset[str]) -> float:
    word = piece.strip()
    if word.endswith(_SENTENCE_ENDS):
        return _SENTENCE_GAIN
    if word.endswith(_CLAUSE_ENDS):
        return _CLAUSE_GAIN
    return -_DANGLING_COST if word.lower().lstrip("¿¡\"'«(") in dangling else 0.0


def _cheapest(pieces: int, lines: int, cost: Callable[[int, int], float]) -> list[int]:
    """The last piece of every line but the last, so that the sum of `cost(piece, line)` is least."""
    best = [[(0.0, -1)] * pieces for _ in range(lines - 1)]
    for line in range(lines - 1):
        cheapest = (0.0, -1) if line == 0 else (float("inf"), -1)
        for piece in range(line, pieces - (lines - 1 - line)):
            if line and best[line - 1][piece - 1][0] < cheapest[0]:
                cheapest = (best[line - 1][piece - 1][0], piece - 1)
            best[line][piece] = (cheapest[0] + cost(piece, line), cheapest[1])
    found: list[int] = []
    candidates = range(lines - 2, pieces - 1)
    at = min(candidates, key=lambda piece: best[lines - 2][piece][0])
    for line in range(lines - 2, -1, -1):
        found.append(at)
        at = best[line][at][1]
    return found[::-1]
