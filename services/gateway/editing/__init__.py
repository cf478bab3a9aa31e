"""A person corrects what was made: segments, lines, takes, speakers, engines; every edit can be undone."""
