"""A gateway that never gets to keep an answer it has given, as if it died there each time."""

from services.gateway.app import main
from services.gateway.web import claims

if __name__ == "__main__":
    claims.settle = lambda *_: None  # type: ignore[assignment]
    main()
