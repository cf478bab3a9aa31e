"""How a task goes from stage to stage: what runs next, jobs out, results in, and what follows from them."""
