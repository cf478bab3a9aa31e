"""Many videos that are followed, paused, canceled and fetched as one."""
