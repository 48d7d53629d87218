"""Run the command line as `python -m fake_secrets`."""

import sys

from fake_secrets.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
