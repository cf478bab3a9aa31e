"""Words in the picture: whether subtitles are burned in, where, and what they say from when to when."""
