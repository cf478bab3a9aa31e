"""Subtitles as TTML in the text profile of IMSC 1.1, as broadcasters and streaming services accept it."""

import io
import re
from collections.abc import Sequence
from fractions import Fraction

from ttconv import model, style_properties
from ttconv.filters.doc.imsc11text import IMSC11TextFilter
from ttconv.imsc.attributes import TimeExpressionSyntaxEnum
from ttconv.imsc.config import ContentProfilesSignaling, IMSCWriterConfiguration
from ttconv.imsc.writer import from_model

from shared.transcript import Cue

_MS = Fraction(1000)
_REGION = "bottom"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_Styles, _Length = style_properties.StyleProperties, style_properties.LengthType


def write_ttml(cues: Sequence[Cue], language: str, rate: Fraction | None) -> str:
    """Render cues in `language` (BCP 47), each from one frame to a later one; with `rate` None in milliseconds.

    Overlapping cues are stacked at the bottom of the picture. Raises: ValueError for what the profile does not allow.
    """
    document = model.ContentDocument()
    document.set_lang(language)
    document.put_region(_bottom(document))
    body, division = model.Body(document), model.Div(document)
    body.set_region(document.get_region(_REGION))
    body.push_child(division)
    for cue in cues:
        division.push_child(_paragraph(document, cue, rate or _MS))
    document.set_body(body)
    IMSC11TextFilter().process(document)  # it checks, and names the profile
    wanted = IMSCWriterConfiguration(
        time_format=TimeExpressionSyntaxEnum.frames if rate else TimeExpressionSyntaxEnum.clock_time,
        fps=rate,
        profile_signaling=ContentProfilesSignaling.CONTENT_PROFILES,
    )
    written = io.BytesIO()
    from_model(document, wanted).write(written, encoding="utf-8", xml_declaration=True)
    return written.getvalue().decode() + "\n"


def _bottom(document: model.ContentDocument) -> model.Region:
    """The text region: centred, from the bottom up, inside the safe area."""
    region = model.Region(_REGION, document)
    tenth, most = _Length(10, _Length.Units.pct), _Length(80, _Length.Units.pct)
    region.set_style(_Styles.Origin, style_properties.CoordinateType(tenth, tenth))
    region.set_style(_Styles.Extent, style_properties.ExtentType(most, most))
    region.set_style(_Styles.DisplayAlign, style_properties.DisplayAlignType.after)
    region.set_style(_Styles.TextAlign, style_properties.TextAlignType.center)
    region.set_style(_Styles.ShowBackground, style_properties.ShowBackgroundType.whenActive)
    return region


def _paragraph(document: model.ContentDocument, cue: Cue, rate: Fraction) -> model.P:
    paragraph = model.P(document)
    first = round(Fraction(cue.start_s) * rate)
    paragraph.set_begin(first / rate)
    paragraph.set_end(max(first + 1, round(Fraction(cue.end_s) * rate)) / rate)
    for number, row in enumerate(filter(None, map(str.strip, _NOT_XML.sub("", cue.shown()).splitlines()))):
        if number:
            paragraph.push_child(model.Br(document))
        span = model.Span(document)
        span.push_child(model.Text(document, row))
        paragraph.push_child(span)
    return paragraph
