"""The contract all services import: stages, messages, storage, transcript, media, logs."""
