"""Decisions of the gateway as pure functions: what runs next, what goes into a job, who gets the next slot."""
