# Made of `_async` by `make generate`: change it there.
"""The synchronous client."""
