"""Videos come in, in one request or in parts."""
