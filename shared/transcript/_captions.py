"""What captions mean: who is named, what is no speech, where two people speak, what is written in capitals.

Pure, and before anything is translated. Every decision is named on the line with the text as it was written, so that a
person can take it back.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from shared.pipeline import LanguageInfo
from shared.transcript._cues import Cue, CueKind
from shared.transcript._joining import join_words
from shared.transcript._models import Decision
from shared.transcript._reading._sharing import shared_out

_NAME = r"[^\W\d_a-zà-öø-ÿ][\w .'’&#-]{0,30}"
_LABEL = re.compile(rf"({_NAME}?)\s?(?:[(\[][^()\[\]]{{0,40}}[)\]])?\s?[:：]\s+(?=\S)")
_BRACKETED = re.compile(r"[\[(（［【]\s?([^\[\]()（）［］【】]{1,40}?)\s?[\])）］】]\s?[:：]?\s*(?=\S)")
_SQUARE = re.compile(r"[\[［【][^\[\]［］【】]*[\]］】]")
_ROUND = re.compile(r"[(（][^()（）]*[)）]")
_STARS = re.compile(r"\*[^*\n]{1,40}\*")
_MUSIC = re.compile("[♪♫♬♩]")
_HASHED = re.compile(r"#\s[^#]+#")
_DASH = re.compile(r"\s*[-–—‐]\s*(?=[^\s\d–—-])|\s*>>+\s*")
_DASH_INSIDE = re.compile(r"(?<=[.!?…])\s+(?=[-–—]\s?[^\s\d–—-])")
_END = re.compile(r"[.!?…。！？][\"'”’»)\]]*$")
_SENTENCE = re.compile(r"([.!?…]\s+[\"'“‘«(¿¡]*)(\w)")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_SOUND = re.compile(
    r"\b(?:laugh|sigh|cough|ring|music|applau|cheer|gasp|groan|scream|shout|whisper|speak|sing|chuckl|sob|cry|cries|"
    r"knock|bark|beep|buzz|click|clear|grunt|pant|sniff|siren|explo|gunshot|thunder|footstep|door|phone|bell|engine|"
    r"crowd|audience|chatter|indistinct|inaudible|foreign|silen|play|continu|stop|theme|noise|sound|howl|growl|meow|"
    r"giggl|moan|mumbl|murmur|snor|sneez|yawn|whistl|hum|static|wind|rain|crash|thud|bang|slam|creak|exhal|inhal)\w*",
    re.IGNORECASE,
)
_SOUND_ELSEWHERE = re.compile(
    r"(?:risas?|ríe|ríen|suspir|tose|tos|música|aplaus|grit[aoe]|susurr|llora|gime|jade|suena|timbre|disparo|pasos|"
    r"rires?|rit|soupir|tousse|musique|applaud|cri[es]?|chuchot|pleur|gémi|sonnerie|"
    r"lach|seufz|hust|musik|applaus|schrei|flüster|weint|stöhnt|klingel|klopf|"
    r"tertawa|tawa|menghela|batuk|tepuk|berteriak|berbisik|menangis)\w*\b",
    re.IGNORECASE,
)
"""The same in Spanish, French, German and Indonesian."""
_PEOPLE = re.compile(
    r"(?:MAN|WOMAN|BOY|GIRL|NARRATOR|ALL|BOTH|REPORTER|ANNOUNCER|VOICE|HOST|KID|CHILD|CROWD)\b", re.IGNORECASE
)
_CREDIT = re.compile(
    r"\W*(?:sub(?:title|caption)s?d?|caption(?:s|ed|ing)|translat(?:ed|ion|or)|sync(?:hroni[sz]ed)?|transcri(?:pt|bed)|"
    r"corrected|ripped|encoded|timed|subtítulos|traducción|traducido|sous-titr(?:es|age|é)|traduction|adaptation|"
    r"untertitel(?:ung)?|übersetzung|terjemahan|alih bahasa|字幕|翻译|翻譯|자막)[\w ]{0,30}?"
    r"(?:\b(?:by|por|par|von|oleh)\b|[:：])|\W*(?:字幕|자막)|.{0,40}\b(?:opensubtitles|addic7ed|amara\.org)\b",
    re.IGNORECASE,
)
_AT_EDGE = 3
"""Cues at the beginning and end of a file in which names are given."""
_ACRONYMS = frozenset(
    ("USA", "UK", "EU", "UN", "US", "FBI", "CIA", "NASA", "NATO", "TV", "OK", "DNA", "CEO", "PC", "AI", "GPS", "BBC")
)
_SHOUTED = 0.6
"""Share of the cues in capitals from which on a file is written in them."""


@dataclass(frozen=True)
class Caption:
    """A line as it is to be understood.

    `apart`: somebody else says it than the line before. `written` is the text of the file, where that says more.
    """

    cue: Cue
    speaker: str = ""
    apart: bool = False
    decisions: tuple[Decision, ...] = ()
    written: str | None = None

    @property
    def is_spoken(self) -> bool:
        """Whether anybody says it."""
        return not any(one.omits for one in self.decisions)

    def decided(self, kind: Decision, text: str | None = None) -> "Caption":
        """With one more decision, and the `text` it leaves."""
        cue = self.cue if text is None else self.cue.model_copy(update={"text": text})
        kinds = self.decisions if kind in self.decisions else (*self.decisions, kind)
        return replace(self, cue=cue, decisions=kinds, written=self.written or self.cue.text)


def as_written(cues: Sequence[Cue], info: LanguageInfo) -> list[Caption]:
    """Cues that are spoken as they stand."""
    return [_on_one_row(Caption(cue), info) for cue in cues]


def understood(cues: Sequence[Cue], info: LanguageInfo) -> list[Caption]:
    """What `cues`, in time order, mean; a cue of two people comes as two lines."""
    shouted = _is_shouted(cues)
    names = _names(cues, shouted=shouted)
    found = []
    for number, cue in enumerate(cues):
        whole = _whole(cue, at_edge=min(number, len(cues) - 1 - number) < _AT_EDGE)
        found += [whole] if whole is not None else [_said(part, names) for part in _parts(cue)]
    return [_on_one_row(one, info) for one in _in_sentence_case(found, names, shouted=shouted)]


def as_heard(cue: Cue, info: LanguageInfo) -> Caption:
    """What a recognizer wrote: it names sounds and music, as captions do, but nobody who speaks."""
    return _on_one_row(_whole(cue, at_edge=False) or _said(Caption(cue), frozenset()), info)


def _on_one_row(one: Caption, info: LanguageInfo) -> Caption:
    text = join_words(one.cue.text.split(), spaces=info.spaces)
    written = join_words(one.written.split(), spaces=info.spaces) if one.written else None
    return replace(one, cue=one.cue.model_copy(update={"text": text}), written=written)


def _whole(cue: Cue, *, at_edge: bool) -> Caption | None:
    """A cue of which nothing is spoken, for what it is."""
    one = Caption(cue, cue.speaker)
    if cue.kind is CueKind.SIGN:
        return one.decided(Decision.SIGN)
    if cue.kind is CueKind.SONG:
        return one.decided(Decision.MUSIC)
    if at_edge and _CREDIT.match(cue.text):
        return one.decided(Decision.CREDIT)
    rows = cue.text.split("\n")
    if all(_MUSIC.search(row) for row in rows) or (_MUSIC.match(cue.text) and _MUSIC.search(cue.text[-1])):
        return one.decided(Decision.MUSIC)
    if _HASHED.fullmatch(cue.text.replace("\n", " ")):
        return one.decided(Decision.MUSIC)
    return None


def _undashed(row: str) -> str:
    """Without the dash at its beginning: one inside a word stays, and long runs of spaces are not searched for one."""
    return row[dash.end() :] if (dash := _DASH.match(row)) else row


def _parts(cue: Cue) -> Iterator[Caption]:
    """The parts of a cue that different people say, each with its share of the time."""
    rows = [part for row in cue.text.split("\n") for part in (_DASH_INSIDE.split(row) if _DASH.match(row) else [row])]
    parts: list[list[str]] = []
    for number, row in enumerate(rows):
        if number == 0 or _DASH.match(row):
            parts.append([])
        parts[-1].append(row)
    texts = ["\n".join([_undashed(part[0]), *part[1:]]).strip() for part in parts]
    if len(parts) < 2:
        turn = rows[0].lstrip().startswith(">>")
        text = texts[0] if _DASH.match(rows[0]) and texts[0] else cue.text
        yield Caption(cue.model_copy(update={"text": text}), cue.speaker, apart=turn)
        return
    shares = shared_out([cue.model_copy(update={"text": text or "-"}) for text in texts])
    for number, (share, part) in enumerate(zip(shares, parts, strict=True)):
        decisions = (Decision.DIALOGUE,)
        yield Caption(share, cue.speaker if not number else "", number > 0, decisions, "\n".join(part))


def _said(one: Caption, names: frozenset[str]) -> Caption:
    """A line without the label of who says it and without descriptions of what is heard."""
    text, name = _without_label(one.cue.text, names)
    if name:
        one = replace(one.decided(Decision.LABEL, text), speaker=name)
    bare = _without_sounds(one.cue.text)
    if not any(character.isalnum() for character in bare):
        kind = Decision.SOUND if any(character.isalnum() for character in one.cue.text) else Decision.SYMBOLS
        kind = Decision.MUSIC if _MUSIC.search(one.cue.text) else kind
        return one.decided(kind, one.written or one.cue.text)
    return one.decided(Decision.DESCRIPTION, bare) if bare != one.cue.text else one


def _without_label(text: str, names: frozenset[str]) -> tuple[str, str]:
    """The text, and who is named before it."""
    found = _LABEL.match(text)
    if found and _key(found.group(1)) in names:
        return text[found.end() :], _shown(found.group(1))
    found = _BRACKETED.match(text)
    if found and _key(found.group(1)) in names:
        return text[found.end() :], _shown(found.group(1))
    return text, ""


def _names(cues: Sequence[Cue], *, shouted: bool) -> frozenset[str]:
    """Who is named before what they say: in capitals, or again and again."""
    seen: Counter[str] = Counter()
    sure: set[str] = set()
    for cue in cues:
        for row in re.split(r"\n(?=\s*(?:[-–—]|>>))|\A", cue.text):
            start = row[match.end() :] if (match := _DASH.match(row)) else row
            label, bracket = _LABEL.match(start), _BRACKETED.match(start)
            found = label or bracket
            if found is None or not found.group(1).strip():
                continue
            name = found.group(1).strip()
            if _SOUND.search(name) or len(name.split()) > 4 or not any(map(str.isalpha, name)):
                continue
            seen[_key(name)] += 1
            capitals = name == name.upper() and name != name.lower() and not (shouted and label)
            east = bracket is not None and found.group(0)[0] in "（［【"
            titled = bracket is not None and all(word[0].isupper() for word in name.split() if word[0].isalpha())
            if (capitals and (len(name) > 1 or bracket)) or east or titled or _PEOPLE.match(name):
                sure.add(_key(name))
    needed = 2 if shouted else 3
    repeated = {name for name, count in seen.items() if count >= (2 if len(name) == 1 else needed)}
    return frozenset(sure | repeated)


def _key(name: str) -> str:
    return " ".join(name.split()).casefold()


def _shown(name: str) -> str:
    name = " ".join(name.split())
    return name.title().replace("’S", "’s").replace("'S", "'s") if name == name.upper() and len(name) > 2 else name


def _without_sounds(text: str) -> str:
    """Text without what describes a sound; in round brackets that may be an aside that is said."""
    text = _STARS.sub("", _SQUARE.sub("", text))

    def kept(found: re.Match[str]) -> str:
        inside = found.group()[1:-1]
        alone = not any(map(str.isalnum, text.replace(found.group(), "")))
        capitals = inside == inside.upper() and inside != inside.lower()
        sound = _SOUND.match(inside.strip()) or _SOUND_ELSEWHERE.match(inside.strip())
        return "" if alone or capitals or sound or not inside.isascii() else found.group()

    rows = (row for row in _ROUND.sub(kept, text).split("\n") if not _MUSIC.match(row.strip()))
    rows = (_MUSIC.sub("", row) for row in rows)
    return "\n".join(bare for row in rows if (bare := " ".join(row.split()).strip("-–— ") or "").strip())


def _is_capitals(text: str, least: int = 4) -> bool:
    return sum(map(str.isupper, text)) >= least and not any(map(str.islower, text))


def _is_shouted(cues: Sequence[Cue]) -> bool:
    said = [cue for cue in cues if cue.kind is CueKind.SPEECH and sum(map(str.isalpha, cue.text)) > 3]
    return len(said) > 1 and sum(_is_capitals(_bare(cue.text)) for cue in said) >= _SHOUTED * len(said)


def _bare(text: str) -> str:
    return _ROUND.sub("", _SQUARE.sub("", text))


def _in_sentence_case(found: Sequence[Caption], names: frozenset[str], *, shouted: bool) -> Iterator[Caption]:
    """Lines in capitals as sentences; names that the file writes elsewhere keep their capital."""
    known = {word for name in names for word in name.split()} | _proper(found)
    begins = True
    for one in found:
        text = one.cue.text
        capitals = _is_capitals(text, 2) if shouted else _is_capitals(text) and len(text.split()) > 2
        if one.is_spoken and capitals:
            yield one.decided(Decision.CAPITALS, _sentence_case(text, known, begins=begins))
        else:
            yield one
        if one.is_spoken:
            begins = _END.search(text) is not None


def _proper(found: Sequence[Caption]) -> set[str]:
    """Words with a capital in the middle of a sentence."""
    return {
        word.casefold()
        for one in found
        if not _is_capitals(one.cue.text)
        for word in re.findall(r"(?<=[^\W\d_]\s)[A-ZÀ-Þ][^\W\d_]+", one.cue.text)
        if word != word.upper()
    }


def _sentence_case(text: str, known: set[str], *, begins: bool) -> str:
    def small(found: re.Match[str]) -> str:
        word = found.group()
        if word in _ACRONYMS:
            return word
        low = word.lower()
        if low in known:
            return low.capitalize()
        return "I" + low[1:] if low.startswith(("i'", "i’")) or low == "i" else low

    text = _SENTENCE.sub(lambda found: found.group(1) + found.group(2).upper(), _WORD.sub(small, text))
    first = next((place for place, character in enumerate(text) if character.isalnum()), None)
    return text[:first] + text[first].upper() + text[first + 1 :] if begins and first is not None else text
