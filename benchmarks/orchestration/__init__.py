"""What the product costs beside its engines: jobs per second, CPU per job, lists, event streams, bytes kept."""
