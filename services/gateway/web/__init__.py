"""What every request passes through: problems, keys and origins, etags, idempotency, limits, files."""
