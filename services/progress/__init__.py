"""The progress service: raw reports of all workers in; few, monotonic updates with estimates out."""
