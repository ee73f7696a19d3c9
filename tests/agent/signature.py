"""Whether a data channel's GET is signed, and rightly: computed anew by botocore, in which the clients have no part."""

import calendar
import json
import re
import time

import websockets.datastructures
import websockets.http11
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SERVICE = "ssmmessages"
TOLERANCE_S = 15 * 60
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})"
)


def refusal(request, keys, region, is_required):
    """The answer that refuses the opening, or None. `keys` is {key id: (secret, session token or None)}."""
    given = request.headers.get("Authorization")
    if given is None:
        return _answer("MissingAuthenticationTokenException", "Missing Authentication Token") if is_required else None
    parts = AUTHORIZATION.fullmatch(given)
    if not parts:
        return _answer("IncompleteSignatureException", "The Authorization header is not whole.")
    key_id, date, signed_region, service, names, _ = parts.groups()
    secret, token = keys.get(key_id, (None, None))
    if secret is None or request.headers.get("X-Amz-Security-Token") != token:
        return _answer("UnrecognizedClientException", "The security token included in the request is invalid.")
    if (signed_region, service) != (region, SERVICE):
        return _answer("InvalidSignatureException", f"Credential should be scoped to {region} and {SERVICE}.")
    if names != ("host;x-amz-date;x-amz-security-token" if token else "host;x-amz-date"):
        return _answer("InvalidSignatureException", f"The signed headers are {names}.")
    if given != _authorization(request, Credentials(key_id, secret, token), region):
        return _answer("InvalidSignatureException", "The request signature we calculated does not match the signature you provided.")
    signed_at = calendar.timegm(time.strptime(request.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ"))
    if date != request.headers["X-Amz-Date"][:8] or abs(time.time() - signed_at) > TOLERANCE_S:
        return _answer("InvalidSignatureException", f"Signature expired: {request.headers['X-Amz-Date']}")
    return None


def _authorization(request, credentials, region):
    again = AWSRequest(method="GET", url=f"http://{request.headers['Host']}{request.path}")
    again.context["timestamp"] = request.headers["X-Amz-Date"]
    again.headers["X-Amz-Date"] = request.headers["X-Amz-Date"]
    if credentials.token:
        again.headers["X-Amz-Security-Token"] = credentials.token
    signer = SigV4Auth(credentials, SERVICE, region)
    canonical = signer.canonical_request(again)
    signature = signer.signature(signer.string_to_sign(again, canonical), again)
    scope = f"{credentials.access_key}/{signer.credential_scope(again)}"
    names = signer.signed_headers(signer.headers_to_sign(again))
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={signature}"


def _answer(name, text):
    body = json.dumps({"__type": name, "message": text}).encode()
    headers = websockets.datastructures.Headers(
        [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(body))), ("Connection", "close")]
    )
    return websockets.http11.Response(403, "Forbidden", headers, body)
