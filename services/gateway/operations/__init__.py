"""Health, metrics, the interface documents, and the sweeper that finds what was lost."""
