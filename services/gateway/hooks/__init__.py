"""Webhooks: what happens, told to addresses that an account names."""
