"""The fake Secrets Manager: a request in, a response dict or a `ServiceError` out."""
