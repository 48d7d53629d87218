"""The errors that AWS gives a caller of Secrets Manager: those of the service, and those of all services."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["COMMON", "MODELLED", "message_of", "status_of"]

# Each with the message of a planned error that has none of its own.
MODELLED: Mapping[str, str] = {
    "DecryptionFailure": "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
    "EncryptionFailure": "Secrets Manager can't encrypt the protected secret text using the provided KMS key.",
    "InternalServiceError": "An error occurred on the server side.",
    "InvalidNextTokenException": "The NextToken value is invalid.",
    "InvalidParameterException": "The parameter name or value is invalid.",
    "InvalidRequestException": "A parameter value is not valid for the current state of the resource.",
    "LimitExceededException": "The request failed because it would exceed one of the Secrets Manager quotas.",
    "MalformedPolicyDocumentException": "The resource policy has syntax errors.",
    "PreconditionNotMetException": "The request failed because you did not complete all the prerequisite steps.",
    "PublicPolicyException": "The BlockPublicPolicy parameter is set to true, and the resource policy did not "
    "prevent broad access to the secret.",
    "ResourceExistsException": "A resource with the ID you requested already exists.",
    "ResourceNotFoundException": "Secrets Manager can't find the specified secret.",
}

_EXPIRED = "The security token included in the request is expired"
_INVALID_TOKEN = "The security token included in the request is invalid."  # noqa: S105 -- a message
_RATE = "Rate exceeded"
_SIGNATURE = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
    "Key and signing method. Consult the service documentation for details."
)
_UNAVAILABLE = "The request has failed due to a temporary failure of the server."

# Each with its HTTP status and message. Source: wire-facts 3.2 [B, C]; the codes of throttling and of passing
# failures are those that botocore's retry modes know.
COMMON: Mapping[str, tuple[int, str]] = {
    "AccessDenied": (400, "You do not have sufficient access to perform this action."),
    "AccessDeniedException": (400, "You do not have sufficient access to perform this action."),
    "ExpiredToken": (400, _EXPIRED),
    "ExpiredTokenException": (400, _EXPIRED),
    "IncompleteSignature": (400, "The request signature does not conform to AWS standards."),
    "IncompleteSignatureException": (400, "The request signature does not conform to AWS standards."),
    "InternalError": (500, "The request processing has failed because of an unknown error."),
    "InternalFailure": (500, "The request processing has failed because of an unknown error."),
    "InvalidAction": (400, "The action or operation requested is invalid."),
    "InvalidClientTokenId": (403, _INVALID_TOKEN),
    "InvalidSignature": (400, _SIGNATURE),
    "InvalidSignatureException": (400, _SIGNATURE),
    "MissingAuthenticationToken": (400, "Missing Authentication Token"),
    "MissingAuthenticationTokenException": (400, "Missing Authentication Token"),
    "NotAuthorized": (400, "You do not have permission to perform this action."),
    "OptInRequired": (403, "The AWS access key ID needs a subscription for the service."),
    "PriorRequestNotComplete": (400, "A previous request has not completed yet."),
    "RequestExpired": (400, "Request has expired."),
    "RequestLimitExceeded": (503, "Request limit exceeded."),
    "RequestThrottled": (400, _RATE),
    "RequestThrottledException": (400, _RATE),
    "RequestTimeout": (400, "The request timed out."),
    "RequestTimeoutException": (400, "The request timed out."),
    "SerializationException": (400, ""),
    "ServiceUnavailable": (503, _UNAVAILABLE),
    "ServiceUnavailableException": (503, _UNAVAILABLE),
    "SlowDown": (503, "Please reduce your request rate."),
    "ThrottledException": (400, _RATE),
    "Throttling": (400, _RATE),
    "ThrottlingException": (400, _RATE),
    "TooManyRequestsException": (429, _RATE),
    "UnknownOperationException": (400, ""),
    "UnrecognizedClientException": (400, _INVALID_TOKEN),
    "ValidationError": (400, "The input fails to satisfy the constraints specified by an AWS service."),
    "ValidationException": (400, "The input fails to satisfy the constraints specified by an AWS service."),
}

# The only modelled error that is the server's own.
_STATUS_OF_MODELLED = {"InternalServiceError": 500}


def status_of(code: str) -> int:
    """Return the HTTP status of an error code."""
    return COMMON[code][0] if code in COMMON else _STATUS_OF_MODELLED.get(code, 400)


def message_of(code: str) -> str:
    """Return the message of an error code."""
    return COMMON[code][1] if code in COMMON else MODELLED[code]
