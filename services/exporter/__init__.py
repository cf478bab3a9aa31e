"""The exporter: voices over the ducked original, at one loudness, in a video file with its subtitles."""
