"""Pushes a status with a key file and Google's auth library, as production code does: see ../main.ts."""

import json
import os
import time
import urllib.parse

import google.auth.transport.grpc
import google.auth.transport.requests
import grpc
from google.oauth2 import service_account
from mobiledataplansharing.v1 import plan_status_service_pb2, plan_status_service_pb2_grpc

SCOPE = "https://www.googleapis.com/auth/dataplansharing"


def main():
    credentials = service_account.Credentials.from_service_account_file(
        os.environ["GOOGLE_APPLICATION_CREDENTIALS"], scopes=[SCOPE]
    )
    channel = google.auth.transport.grpc.secure_authorized_channel(
        credentials,
        google.auth.transport.requests.Request(),
        urllib.parse.urlsplit(os.environ["MDPS_ENDPOINT"]).netloc,
    )
    request = plan_status_service_pb2.CreateUserPlanStatusRequest(
        parent="operators/65001",
        client_id="mobiledataplan",
        user_key=os.environ["MDPS_USER_KEY"],
        plan_status={
            "language_code": "en-US",
            "title": os.environ["MDPS_TITLE"],
            "update_time": {"seconds": int(time.time())},
            "expire_time": {"seconds": int(time.time()) + 3600},
        },
    )
    stub = plan_status_service_pb2_grpc.PlanStatusServiceStub(channel)
    try:
        status = stub.CreateUserPlanStatus(request, timeout=60)
        print(json.dumps({"code": "OK", "message": status.name}))
    except grpc.RpcError as error:
        print(json.dumps({"code": error.code().name, "message": error.details()}))


if __name__ == "__main__":
    main()
