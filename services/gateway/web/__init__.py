"""What every request passes, whatever it is about: problems, keys and origins, etags, idempotency, limits, files."""
