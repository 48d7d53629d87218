"""The options of `mock_stages` and of the marker, as messages list them."""

VALID = [
    "- secrets",
    "- region",
    "- account_id",
    "- rotation",
    "- rotation_errors",
    "- identity_policy",
    "- random_seed",
]
