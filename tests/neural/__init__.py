"""Engines that need torch, with tiny models the tests make; skipped where their extra is not installed."""
