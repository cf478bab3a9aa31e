"""The translator: lines in one language in, the same lines in another out."""
