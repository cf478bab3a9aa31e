"""What an account keeps beyond its tasks: glossary, memory, cast, clips, settings."""
