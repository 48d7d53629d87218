"""KMS keys for the tests of what secrets do with them."""

KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
ARN = f"arn:aws:kms:us-east-1:123456789012:key/{KEY}"
ALIAS_ARN = "arn:aws:kms:us-east-1:123456789012:alias/app"
DENIED = ("AccessDeniedException", "Access to KMS is not allowed")
