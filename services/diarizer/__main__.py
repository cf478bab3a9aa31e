"""`python -m services.diarizer`."""

from services.diarizer.app import main

if __name__ == "__main__":
    main()
