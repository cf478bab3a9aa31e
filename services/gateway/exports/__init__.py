"""Files of a task and exports by recipe."""
