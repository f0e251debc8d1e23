"""Pushes a status over gRPC. MDPS_HOST is the server, such as 127.0.0.1:8080, and MDPS_TOKEN a bearer token."""

import datetime
import os

import grpc
from mobiledataplansharing.v1 import plan_status_service_pb2_grpc
from mobiledataplansharing.v1.enums_pb2 import POSTPAID
from mobiledataplansharing.v1.plan_status_service_pb2 import CreateUserPlanStatusRequest
from mobiledataplansharing.v1.plans_pb2 import ByteQuota, Plan, PlanModule
from mobiledataplansharing.v1.resources_pb2 import PlanStatus


def new_status() -> PlanStatus:
    now = datetime.datetime.now(datetime.timezone.utc)
    module = PlanModule(module_name="Data", description="2 GB", byte_balance=ByteQuota(quota_bytes=2 << 30))
    return PlanStatus(
        language_code="en-US",
        update_time=now,
        expire_time=now + datetime.timedelta(days=1),
        plans=[Plan(plan_id="acme-199", plan_category=POSTPAID, plan_modules=[module])],
    )


def push(channel: grpc.Channel, token: str) -> PlanStatus:
    request = CreateUserPlanStatusRequest(
        parent="operators/65001", client_id="youtube", user_key="491701234567", plan_status=new_status()
    )
    stub = plan_status_service_pb2_grpc.PlanStatusServiceStub(channel)
    return stub.CreateUserPlanStatus(request, metadata=(("authorization", f"Bearer {token}"),), timeout=30)


if __name__ == "__main__":
    with grpc.insecure_channel(os.environ["MDPS_HOST"]) as server:
        print(push(server, os.environ["MDPS_TOKEN"]).name)
