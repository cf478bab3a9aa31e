"""`python -m services.progress`."""

from services.progress.app import main

if __name__ == "__main__":
    main()
