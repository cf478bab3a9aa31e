"""`python -m services.cloner`."""

from services.cloner.app import main

if __name__ == "__main__":
    main()
