"""Set a region, since the rotation function makes its client when it is imported, before any test."""

import os

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
