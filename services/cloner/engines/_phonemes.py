"""Text as the sounds that Kokoro was trained on: the International Phonetic Alphabet, with some symbols of its own.

English, French and Spanish by eSpeak NG, which is only used for phonemes; Japanese by Open JTalk's dictionary; Chinese
by pypinyin. Punctuation stays in place: the network turns it into pauses and intonation.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec

from shared.media import ToolLimits, run_tool
from shared.pipeline import CancelToken

_LIMITS = ToolLimits(timeout_s=60.0, memory_bytes=1024**3)
_ESPEAK = {"en": "en-us", "fr": "fr", "es": "es"}
_MARKS = re.compile(r"([;:,.!?—…]+(?=\s|$)|[;!?—…]+)")
_TITLES = re.compile(r"\b(Mr|Mrs|Ms|Dr|Prof|St|Mt|vs|M|Mme|Sr|Sra)\.(?=\s)")  # their full stop does not end a sentence
_SWITCH = re.compile(r"\(\^?[a-z]+(?:\^?[a-z-]+)*\)")
_AS_ASCII = str.maketrans(
    {
        "，": ", ", "、": ", ", "。": ". ", "．": ". ", "！": "! ", "？": "? ", "：": ": ", "；": "; ", "…": "… ",
        "~": "—", "〜": "—", "～": "—", "–": "—", "·": " ", "・": " ", "¿": "", "¡": "", "’": "'",
        "(": ", ", ")": ", ", "（": ", ", "）": ", ", **dict.fromkeys("\"“”„«»「」『』《》", " "),
    }
)  # fmt: skip

# What eSpeak NG writes and how Kokoro writes it; ^ ties what is one sound.
_ENGLISH = {
    "ʔˌn\u0329": "ʔn", "ʔn\u0329": "ʔn", "a^ɪ": "I", "a^ʊ": "W", "d^ʒ": "ʤ", "e^ɪ": "A", "t^ʃ": "ʧ", "ɔ^ɪ": "Y",
    "o^ʊ": "O", "ə^l": "ᵊl", "ʲo": "jo", "ʲə": "jə", "ʲ": "", "ɚ": "əɹ", "ɜːɹ": "ɜɹ", "ɜː": "ɜɹ", "ɪə": "iə",
    "ɐ": "ə", "r": "ɹ", "x": "k", "ç": "k", "ɬ": "l", "\u0303": "", "ː": "", "e": "A", "o": "ɔ", "ɾ": "T", "ʔ": "t",
}  # fmt: skip
_ROMANCE = {
    "a^ɪ": "I", "a^ʊ": "W", "d^z": "ʣ", "d^ʒ": "ʤ", "e^ɪ": "A", "o^ʊ": "O", "ə^ʊ": "Q", "s^s": "S", "t^s": "ʦ",
    "t^ʃ": "ʧ", "ɔ^ɪ": "Y", "-": "",
}  # fmt: skip

_KANA_TABLE = """
    ア:a イ:i ウ:ɯ エ:e オ:o ァ:a ィ:i ゥ:ɯ ェ:e ォ:o カ:ka キ:kʲi ク:kɯ ケ:ke コ:ko ガ:ɡa ギ:ɡʲi グ:ɡɯ ゲ:ɡe ゴ:ɡo
    サ:sa シ:ɕi ス:sɨ セ:se ソ:so ザ:ʣa ジ:ʥi ズ:zɨ ゼ:ʣe ゾ:ʣo タ:ta チ:ʨi ツ:ʦɨ テ:te ト:to ダ:da ヂ:ʥi ヅ:zɨ デ:de
    ド:do ナ:na ニ:ɲi ヌ:nɯ ネ:ne ノ:no ハ:ha ヒ:çi フ:ɸɯ ヘ:he ホ:ho バ:ba ビ:bʲi ブ:bɯ ベ:be ボ:bo パ:pa ピ:pʲi プ:pɯ
    ペ:pe ポ:po マ:ma ミ:mʲi ム:mɯ メ:me モ:mo ヤ:ja ユ:jɯ ヨ:jo ャ:ja ュ:jɯ ョ:jo ラ:ɾa リ:ɾʲi ル:ɾɯ レ:ɾe ロ:ɾo ワ:βa
    ヮ:βa ヰ:i ヱ:e ヲ:o ヴ:vɯ ヷ:va ヸ:vʲi ヹ:ve ヺ:vo ヵ:ka ヶ:ke ー:ː ッ:ʔ イェ:je ウィ:βi ウェ:βe ウォ:βo クァ:kᵝa
    クィ:kᵝi クェ:kᵝe クォ:kᵝo グァ:ɡᵝa グィ:ɡᵝi グェ:ɡᵝe グォ:ɡᵝo シェ:ɕe シャ:ɕa シュ:ɕɨ ショ:ɕo ジェ:ʥe ジャ:ʥa
    ジュ:ʥɨ ジョ:ʥo ヂャ:ʥa ヂュ:ʥɨ ヂョ:ʥo チェ:ʨe チャ:ʨa チュ:ʨɨ チョ:ʨo ツァ:ʦa ツィ:ʦʲi ツェ:ʦe ツォ:ʦo ティ:tʲi
    テュ:tʲɨ ディ:dʲi デュ:dʲɨ トゥ:tɯ ドゥ:dɯ ニェ:ɲe ニャ:ɲa ニュ:ɲɨ ニョ:ɲo ヒェ:çe ヒャ:ça ヒュ:çɨ ヒョ:ço ファ:ɸa
    フィ:ɸʲi フェ:ɸe フォ:ɸo フュ:ɸʲɨ フョ:ɸʲo ヴァ:va ヴィ:vʲi ヴェ:ve ヴォ:vo ヴュ:bʲɨ ヴョ:bʲo
"""
_KANA = {kana: sound for kana, _, sound in (pair.partition(":") for pair in _KANA_TABLE.split())}
for _onset, _sound in zip("キギビピミリ", ("kʲ", "ɡʲ", "bʲ", "pʲ", "mʲ", "ɾʲ"), strict=True):
    _KANA |= {
        f"{_onset}ャ": f"{_sound}a",
        f"{_onset}ュ": f"{_sound}ɨ",
        f"{_onset}ョ": f"{_sound}o",
        f"{_onset}ェ": f"{_sound}e",
    }
_JAPANESE_MARKS = {"。": ".", "．": ".", "、": ",", "，": ",", "？": "?", "！": "!"}
_NASALS = (("m", "mpb"), ("ŋ", "kɡ"), ("ɲ", "ɲʨʥ"), ("n", "ntdɾzʣʦ"))  # ン before these sounds, else ɴ

_HANZI = re.compile(r"[\u3400-\u9fff]+")
_TONES = (("˧˩˧", "↓"), ("˧˥", "↗"), ("˥˩", "↘"), ("˥", "→"), ("ɻ\u0329", "ɨ"), ("ɹ\u0329", "ɨ"))
_AFFRICATES = (("ʈʂ", "\uab67"), ("tɕ", "ʨ"), ("ts", "ʦ"))


def phonemes(text: str, code: str, cancel: CancelToken) -> str:
    """`text` of the language `code` as sounds and punctuation."""
    plain = unicodedata.normalize("NFC", text).translate(_AS_ASCII)
    match code:
        case "ja":
            sounds = _japanese(unicodedata.normalize("NFKC", text))
        case "zh":
            sounds = _chinese(plain, cancel)
        case _:
            sounds = _by_espeak(plain, code, cancel)
    return " ".join(re.sub(r"\s+([;:,.!?…])", r"\1", sounds).split())


def available(code: str) -> bool:
    """Whether the reader of the language is installed; eSpeak NG is looked for elsewhere."""
    needed = {"ja": ("pyopenjtalk",), "zh": ("pypinyin", "pinyin_to_ipa", "cn2an")}.get(code, ())
    return all(find_spec(name) is not None for name in needed)


def _by_espeak(text: str, code: str, cancel: CancelToken) -> str:
    table = _ENGLISH if code == "en" else _ROMANCE
    parts: list[str] = []
    for number, part in enumerate(_MARKS.split(_TITLES.sub(r"\1", text))):
        if number % 2:
            parts.append(f"{part} ")
        elif part.strip():
            command = ["espeak-ng", "-q", "-b", "1", "--ipa", "--tie=^", "-v", _ESPEAK[code], "--stdin"]
            said = run_tool(command, cancel, _LIMITS, data=part.encode()).decode("utf-8", "replace")
            parts.append(_written(_SWITCH.sub("", " ".join(said.split())), table) + " ")
    return "".join(parts)


def _written(sounds: str, table: dict[str, str]) -> str:
    for old, new in table.items():
        sounds = sounds.replace(old, new)
    sounds = re.sub(r"(\S)\u0329", r"ᵊ\1", sounds)
    return sounds.replace("^", "").replace("\u0329", "")


def _japanese(text: str) -> str:
    import pyopenjtalk

    phrases: list[str] = []
    for word in pyopenjtalk.run_frontend(text):
        said = word["pron"].replace("’", "")
        if word["pos"] == "記号":
            phrases.append(_JAPANESE_MARKS.get(word["string"], _JAPANESE_MARKS.get(said, "")))
        elif phrases and word["chain_flag"] == 1:
            phrases[-1] += said
        else:
            phrases.append(said)
    return " ".join(kana_sounds(phrase) for phrase in phrases if phrase)


def kana_sounds(kana: str) -> str:
    """A phrase in katakana as it sounds."""
    sounds = list(_each_kana(kana))
    for at in range(len(sounds) - 1, -1, -1):
        if sounds[at] == "ン":
            following = sounds[at + 1][:1] if at + 1 < len(sounds) else ""
            sounds[at] = next((nasal for nasal, before in _NASALS if following and following in before), "ɴ")
    return "".join(sounds)


def _each_kana(kana: str) -> Iterator[str]:
    at = 0
    while at < len(kana):
        for length in (2, 1):
            sound = _KANA.get(kana[at : at + length])
            if sound is not None and at + length <= len(kana):
                yield sound
                at += length
                break
        else:
            yield kana[at]
            at += 1


def _chinese(text: str, cancel: CancelToken) -> str:
    import cn2an

    parts: list[str] = []
    for piece in re.findall(r"[\u3400-\u9fff]+|[^\u3400-\u9fff]+", cn2an.transform(text, "an2cn")):
        if _HANZI.match(piece):
            parts.append(" ".join(_word(word) for word in _words(piece)))
        elif re.search(r"[A-Za-z]", piece):
            parts.append(f" {_by_espeak(piece, 'en', cancel)}")
        else:
            parts.append(piece)
    return "".join(parts)


def _words(hanzi: str) -> list[str]:
    from pypinyin.seg import mmseg

    return list(mmseg.seg.cut(hanzi))


def _word(hanzi: str) -> str:
    from pypinyin import Style, lazy_pinyin

    syllables = lazy_pinyin(hanzi, style=Style.TONE3, neutral_tone_with_five=True, tone_sandhi=True)
    return "".join(_syllable(syllable) for syllable in syllables)


@cache
def _syllable(pinyin: str) -> str:
    from pinyin_to_ipa import pinyin_to_ipa

    try:
        sounds = "".join(pinyin_to_ipa(pinyin)[0])
    except (ValueError, KeyError, IndexError):
        return ""
    for old, new in (*_TONES, *_AFFRICATES):
        sounds = sounds.replace(old, new)
    return sounds.replace("\u032f", "")
