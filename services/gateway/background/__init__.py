"""Loops of the gateway: jobs out, results in, facts out, lost work found."""
