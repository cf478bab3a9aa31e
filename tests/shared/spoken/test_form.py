"""What a voice is given to read: words instead of figures and signs, in every language."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.spoken import spoken_form
from shared.spoken.words import WORDS

CASES = {
    "en": {
        "It costs $1,250.50.": "It costs one thousand two hundred and fifty dollars and fifty cents.",
        "About $3.5 million in 1999.": "About three point five million dollars in nineteen ninety-nine.",
        "On 03/04/2025 at 10:05 a.m. in room 4B": "On March fourth, twenty twenty-five at ten oh five A M in room four B",
        "2.4 GB, 25°C, 60 mph, 50%": "two point four gigabytes, twenty-five degrees Celsius, sixty miles an hour, fifty percent",
        "Dr. Smith, Baker St., No. 5, e.g. in the U.S.": "Doctor Smith, Baker Street, number five, for example in the U S.",
        "No. I said 1 m, -5 and 21st.": "No. I said one meter, minus five and twenty-first.",
        "See https://www.example.com/a_b": "See example dot com slash a underscore b",
        "my_func() & 2 + 2 = 4": "my func and two plus two equals four",
        "v2.4.1, 5-10 people, 007": "two dot four dot one, five to ten people, zero zero seven",
    },
    "es": {
        "Cuesta 1.250,50 $, o unos 3,5 millones.": "Cuesta mil doscientos cincuenta dólares con cincuenta centavos, o "
        "unos tres coma cinco millones.",
        "Cuesta $1,250.50.": "Cuesta mil doscientos cincuenta dólares con cincuenta centavos.",
        "El 03/04/2025 a las 10:30 h en la sala 4B.": "El tres de abril de dos mil veinticinco a las diez y treinta en la "
        "sala cuatro B.",
        "2,4 GB, 25 °C, 100 km/h y 50 %": "dos coma cuatro gigabytes, veinticinco grados Celsius, cien kilómetros por hora "
        "y cincuenta por ciento",
        "El Dr. Gómez, c/ Mayor n.º 5, 1.º B": "El doctor Gómez, calle Mayor número cinco, primero B",
        "1 $, 21 €, 1 £ y 1.000.000 €": "un dólar, veintiún euros, una libra y un millón de euros",
        "21 casas y 21 libros": "veintiuna casas y veintiún libros",
    },
    "fr": {
        "1 250,50 €, 3,5 %, le 01/04/2025 à 10h30": "mille deux cent cinquante euros cinquante centimes, trois virgule cinq "
        "pour cent, le premier avril deux mille vingt-cinq à dix heures trente",
        "M. Dupont, 2e étage, 80 km/h": "monsieur Dupont, deuxième étage, quatre-vingts kilomètres heure",
    },
    "de": {
        "1.250,50 €, am 03.04.2025 um 10:30 Uhr": "eintausendzweihundertfünfzig Euro fünfzig Cent, am dritten April "
        "zweitausendfünfundzwanzig um zehn Uhr dreißig",
        "1 kg, z. B. 50 %, 3 Mio. €": "ein Kilo, zum Beispiel fünfzig Prozent, drei Millionen Euro",
    },
    "id": {
        "Rp 1.250.000, pukul 10:30, ke-3": "satu juta dua ratus lima puluh ribu rupiah, pukul sepuluh lewat tiga puluh, ketiga"
    },
    "ja": {
        "$1,250.50で、2025/04/03 10:30です。25°C、50%": "千二百五十ドル五十セントで、二千二十五年四月三日 十時三十分です。二十五度、五十パーセント"
    },
    "ko": {"$1,250이고 10:30에 50%입니다": "천이백오십 달러이고 열 시 삼십 분에 오십 퍼센트입니다"},
    "zh": {
        "$1,250.50，10:30，50%，10,203，2025-04-03": "一千二百五十美元五十美分，十点三十分，百分之五十，一万零二百零三，二零二五年四月三日"
    },
}


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in CASES.items() for text in texts])
def test_figures_are_said_in_words(code: str, text: str) -> None:
    """Money, dates, times, units, decimals, abbreviations, addresses, code."""
    assert spoken_form(text, code) == CASES[code][text]


@pytest.mark.parametrize("code", WORDS)
def test_plain_words_stay_as_they_are(code: str) -> None:
    """Also the word "no" at the end of a sentence."""
    for text in ("Nothing to change here, is there?", "I said no. No, never.", "¿Qué?", "山に行きたい。"):
        assert spoken_form(text, code) == text


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="0123459.,:/-–$€%°C kmhGBaº#@½+=_()é年", max_size=24), st.sampled_from(sorted(WORDS)))
def test_any_text_has_a_spoken_form_without_figures(text: str, code: str) -> None:
    """However odd it is, nothing is left for an engine to guess."""
    assert not re.search(r"[0-9]", spoken_form(text, code))
