"""Speaks every line in its speaker's voice and fits it to its slot."""
