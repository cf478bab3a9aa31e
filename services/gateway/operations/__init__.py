"""Health, metrics, the documents of the interfaces, and the sweeper that finds what was lost."""
