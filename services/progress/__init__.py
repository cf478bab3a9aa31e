"""The progress service: the raw words of all workers in, few, monotonic, timed updates out."""
