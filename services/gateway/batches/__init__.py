"""Many videos that are followed, paused, canceled and downloaded as one."""
