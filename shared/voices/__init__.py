"""Voices as vectors: whose voice is heard, for telling speakers apart and for casting them."""

from shared.voices._encoder import RATE_HZ, WINDOW_S, Vectors, VoiceEncoder, unit

__all__ = ["RATE_HZ", "WINDOW_S", "Vectors", "VoiceEncoder", "unit"]
