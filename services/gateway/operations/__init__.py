"""Health, metrics, the interface documents, the sweeper that finds what was lost, and the eraser."""
