"""Refuses requests to other services, in the form in which their clients read errors."""

from __future__ import annotations

import json
import uuid

from fake_secrets.server.messages import HttpAnswer, HttpRequest

__all__ = ["refuse_foreign"]

_BAD = 400
_CODE = "NotSecretsManager"


def refuse_foreign(request: HttpRequest, service: str) -> HttpAnswer:
    """Refuse a request that is signed for another service. No SDK retries it.

    Args:
        request: the request.
        service: the name of the service, as it is in the signature: letters, digits, dots and hyphens.

    Source: wire-facts W10 [D]. The forms are those of AWS's protocols, as botocore parses them.
    """
    message = (
        f"this is a fake of Secrets Manager, and the request is for {service}. Set "
        "AWS_ENDPOINT_URL_SECRETS_MANAGER instead of AWS_ENDPOINT_URL, so that only requests to Secrets Manager "
        "come here."
    )
    request_id = str(uuid.uuid4())
    kind = request.headers.get("Content-Type", "")
    headers = {"x-amzn-RequestId": request_id, "x-amzn-ErrorType": _CODE}
    error = f"<Error><Code>{_CODE}</Code><Message>{message}</Message></Error>"
    if service == "s3":
        headers["Content-Type"] = "application/xml"
        body = error
    elif service == "ec2":
        headers["Content-Type"] = "text/xml"
        body = f"<Response><Errors>{error}</Errors><RequestID>{request_id}</RequestID></Response>"
    elif kind.startswith("application/x-www-form-urlencoded"):
        headers["Content-Type"] = "text/xml"
        body = f"<ErrorResponse>{error}<RequestId>{request_id}</RequestId></ErrorResponse>"
    else:
        headers["Content-Type"] = kind if kind.startswith("application/x-amz-json") else "application/json"
        body = json.dumps({"__type": _CODE, "message": message})
    return HttpAnswer(_BAD, headers, body.encode(), note=f"refused {_BAD} a request to {service}")
