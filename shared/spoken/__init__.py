"""The spoken form of a line: figures, money, dates, times, units, abbreviations and addresses in words.

One place for all engines, so that none has to know how a language reads "1.250,50 $". Subtitles keep the written form.
"""

from shared.spoken.form import spoken_form

__all__ = ["spoken_form"]
