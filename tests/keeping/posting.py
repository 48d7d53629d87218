"""Calls over HTTP without an SDK, which would be answered by the hook of this process."""

import json
import time


def post(connection, operation, **members):
    """Call an operation on a connection, and return the status and the answer."""
    now = time.gmtime()
    scope = f"AKIDEXAMPLE/{time.strftime('%Y%m%d', now)}/us-east-1/secretsmanager/aws4_request"
    signed = f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}"
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, {signed}",
        "X-Amz-Date": time.strftime("%Y%m%dT%H%M%SZ", now),
        "X-Amz-Target": f"secretsmanager.{operation}",
        "Content-Type": "application/x-amz-json-1.1",
    }
    connection.request("POST", "/", json.dumps(members), headers)
    response = connection.getresponse()
    return response.status, json.loads(response.read())
