"""Events as they happen, to browsers and the first version's WebSocket."""
