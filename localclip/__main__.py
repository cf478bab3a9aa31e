"""`python -m localclip`."""

from localclip.cli import main

if __name__ == "__main__":
    main()
