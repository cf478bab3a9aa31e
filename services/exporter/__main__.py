"""`python -m services.exporter`."""

from services.exporter.app import main

if __name__ == "__main__":
    main()
