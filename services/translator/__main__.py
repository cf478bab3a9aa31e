"""`python -m services.translator`."""

from services.translator.app import main

if __name__ == "__main__":
    main()
