"""Live streams to clients: a hub fed by the broker, server-sent events, the first version's WebSocket."""
