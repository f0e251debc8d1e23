"""Reads REST streams and errors with google-api-core, as Google's generated clients do: see ../clients.test.ts."""

import json
import sys

import proto
import requests
from google.api_core import exceptions, rest_streaming
from google.rpc import error_details_pb2


class Text(proto.Message):
    """Most of Google's clients use proto-plus, which ignores unknown fields; the others use protobuf's classes."""

    locale = proto.Field(proto.STRING, number=1)
    message = proto.Field(proto.STRING, number=2)


CLASSES = {"proto-plus": Text, "protobuf": error_details_pb2.LocalizedMessage}


def run(call, report):
    headers = {"Content-Type": "application/json"}
    if not call["gzip"]:
        headers["Accept-Encoding"] = "identity"
    method = "POST" if call["body"] else "GET"
    response = requests.Session().request(
        method, call["url"], data=call["body"] or None, headers=headers, stream=True, timeout=60
    )
    if response.status_code >= 400:
        raise exceptions.from_http_response(response)
    for message in rest_streaming.ResponseIterator(response, CLASSES[call["messages"]]):
        report["messages"].append(message.message)


for line in sys.stdin:
    call = json.loads(line)
    report = {"name": call["name"], "messages": [], "error": "", "code": 0, "reason": "", "violations": []}
    try:
        run(call, report)
    except Exception as error:
        report["error"] = f"{type(error).__name__}: {error}"
        if isinstance(error, exceptions.GoogleAPICallError):
            report["code"] = error.code
            report["reason"] = error.reason
            for detail in error.details:
                # Over REST, details are the JSON of the response.
                report["violations"] += [each["field"] for each in detail.get("fieldViolations", [])]
    print(json.dumps(report), flush=True)
