"""Figures are written as the target language writes them."""

import pytest

from services.translator.engines.apertium import ApertiumTranslator
from services.translator.figures import written
from services.translator.translation import ShardTranslation
from shared.messaging import JobContext


@pytest.mark.parametrize(
    ("text", "source", "target", "wanted"),
    [
        ("$1,250.50", "en", "es", "1.250,50\u00a0$"),
        ("$ 1,250.50", "en", "de", "1.250,50\u00a0$"),
        ("1,250.50 and 3.5", "en", "fr", "1\u202f250,50 and 3,5"),
        ("25°C, 50%, $5", "en", "es", "25\u00a0°C, 50\u00a0%, 5\u00a0$"),
        ("1.250,50 €", "es", "en", "1,250.50 €"),
        ("1\u202f250,5 km", "fr", "en", "1,250.5 km"),
        ("$3.5 millones", "en", "es", "$3,5 millones"),
        ("v1.2.3, 03/04/2025, 10:30, 2025", "en", "es", "v1.2.3, 03/04/2025, 10:30, 2025"),
        ("1,250 people", "en", "ja", "1,250 people"),
    ],
)
def test_figures(text: str, source: str, target: str, wanted: str) -> None:
    """Versions, dates, times and years stay."""
    assert written(text, text, source, target) == wanted


def test_an_engine_that_wrote_them_right_is_left_alone() -> None:
    """Also where its form means another number in the source language."""
    assert written("Cuesta 1.250,50 $.", "It costs $1,250.50.", "en", "es") == "Cuesta 1.250,50 $."
    assert written("Son 1.250 personas.", "It is 1,250 people.", "en", "es") == "Son 1.250 personas."


def test_a_line_comes_out_as_it_is_written(apertium: ApertiumTranslator, job, context: JobContext) -> None:  # type: ignore[no-untyped-def]
    """Through the rules and what is kept from them."""
    made = job("It costs $1,250.50, or about 3.5 million dollars a year.")
    (line,) = ShardTranslation(apertium).run(made, context).lines
    assert line.text == "Cuesta 1.250,50\u00a0$, o aproximadamente 3,5 millones de dólares un año."
