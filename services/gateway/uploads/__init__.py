"""Videos arrive, in one request, in parts, or fetched from elsewhere."""
