"""What is said in one task and language: segments, lines, speakers and roles; slots, pace, terms, voices."""
