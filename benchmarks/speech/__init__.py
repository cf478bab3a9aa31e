"""How well speech is heard: who speaks, and whether sentences stay whole."""
