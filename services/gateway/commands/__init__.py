"""Commands by message: what the operator's programs may ask for over the broker."""
