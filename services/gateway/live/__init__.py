"""Events as they happen, for browsers and for the first version's WebSocket."""
