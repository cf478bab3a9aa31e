"""The diarizer: who speaks when, what they say, and what their voices are like."""
