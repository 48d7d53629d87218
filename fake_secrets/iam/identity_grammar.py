"""Identity policies: pure functions that parse them, with IAM's messages."""

from __future__ import annotations

import json

from fake_secrets.iam import grammar
from fake_secrets.iam.policy import Policy

__all__ = ["parse"]


def parse(text: str, name: str) -> Policy:
    document = json.loads(text)
    stated = document["Statement"]
    each = stated if isinstance(stated, list) else [stated]
    return grammar.parse(json.dumps({**document, "Statement": [{"Principal": "*", **one} for one in each]}))
