"""The rotation function makes its client when it is imported, before there is a world."""

import os

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
