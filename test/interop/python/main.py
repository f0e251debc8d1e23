"""Sends every case with grpcio and generated stubs, and prints a line of JSON for each: see ../README.md."""

import base64
import json
import os
import sys
import urllib.parse

import grpc
from google.protobuf import json_format, message, message_factory
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from mobiledataplansharing.v1 import plan_group_service_pb2, plan_group_service_pb2_grpc
from mobiledataplansharing.v1 import plan_status_service_pb2, plan_status_service_pb2_grpc

# Limit for a hanging server; the service config has the shorter timeouts for clients.
DEADLINE_SECONDS = 60

PLAN_STATUS = plan_status_service_pb2.DESCRIPTOR.services_by_name["PlanStatusService"]
PLAN_GROUP = plan_group_service_pb2.DESCRIPTOR.services_by_name["PlanGroupService"]


def main():
    with open(os.environ["MDPS_VECTORS"], encoding="utf-8") as file:
        cases = json.load(file)["cases"]
    with open(os.environ["MDPS_SERVICE_CONFIG"], encoding="utf-8") as file:
        service_config = json.dumps(json.load(file))
    tokens = json.loads(os.environ["MDPS_TOKENS"])
    target = urllib.parse.urlsplit(os.environ["MDPS_ENDPOINT"]).netloc
    with grpc.insecure_channel(target, options=[("grpc.service_config", service_config)]) as channel:
        services = {
            PLAN_STATUS.full_name: (PLAN_STATUS, plan_status_service_pb2_grpc.PlanStatusServiceStub(channel)),
            PLAN_GROUP.full_name: (PLAN_GROUP, plan_group_service_pb2_grpc.PlanGroupServiceStub(channel)),
        }
        for case in cases:
            for form in ("json", "binary"):
                why = run(case, form, services, tokens)
                report = {"protocol": "grpc", "form": form, "case": case["name"], "ok": why is None}
                print(json.dumps(report if why is None else report | {"why": why}), flush=True)


def run(case, form, services, tokens):
    """Sends a case. Returns the problem of the answer, or None."""
    descriptor, stub = services[case["service"]]
    method = descriptor.methods_by_name[case["method"]]
    request_class = message_factory.GetMessageClass(method.input_type)
    try:
        if form == "json":
            request = json_format.ParseDict(case["request"], request_class())
        else:
            request = request_class.FromString(base64.b64decode(case["requestBinary"], validate=True))
    except (json_format.ParseError, message.DecodeError) as error:
        return f"the request cannot be read: {error}"
    token = case["token"]
    metadata = [] if token == "none" else [("authorization", f"Bearer {tokens[token]}")]
    try:
        response = getattr(stub, method.name)(request, metadata=metadata, timeout=DEADLINE_SECONDS)
    except grpc.RpcError as error:
        return compare_error(case, error)
    return compare_response(case, response)


def compare_response(case, response):
    if "error" in case:
        return f"expected code {case['error']['code']}, got OK"
    expected = json_format.ParseDict(case["response"], type(response)())
    if response != expected:
        return f"expected the response {one_line(expected)}, got {one_line(response)}"
    return None


def compare_error(case, error):
    expected = case.get("error", {"code": "OK"})
    code = error.code().name
    if code != expected["code"]:
        return f"expected code {expected['code']}, got {code}: {error.details()}"
    reason, violations = read_details(error)
    if "reason" in expected and reason != expected["reason"]:
        return f"expected reason {expected['reason']}, got {reason}: {error.details()}"
    if violations != expected.get("violations", []):
        return f"expected violations {json.dumps(expected.get('violations', []))}, got {json.dumps(violations)}"
    return None


def read_details(error):
    """Returns the reason and the violated fields from grpc-status-details-bin."""
    reason, violations = None, []
    status = rpc_status.from_call(error)
    for detail in status.details if status else []:
        info, bad_request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        if detail.Unpack(info):
            reason = info.reason
        elif detail.Unpack(bad_request):
            violations += [violation.field for violation in bad_request.field_violations]
    return reason, violations


def one_line(value):
    return json_format.MessageToJson(value, indent=None)


if __name__ == "__main__":
    sys.exit(main())
