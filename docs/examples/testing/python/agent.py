"""A Data Plan Agent as its tests see it: it pushes a status, and retries what may be retried."""

from __future__ import annotations

from typing import Callable

import grpc
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from google.protobuf.message import Message
from mobiledataplansharing.v1 import plan_status_service_pb2_grpc
from mobiledataplansharing.v1.plan_status_service_pb2 import CreateUserPlanStatusRequest

ATTEMPTS = 3
# Over gRPC, a connection that is cut within a call is INTERNAL, UNKNOWN or UNAVAILABLE.
RETRIED = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN)


class Agent:
    """Pushes statuses to a host. `new_token` gets an access token; `wait` waits for seconds before a retry."""

    def __init__(self, host: str, new_token: Callable[[], str], wait: Callable[[float], None]) -> None:
        self._channel = grpc.insecure_channel(host)
        self._stub = plan_status_service_pb2_grpc.PlanStatusServiceStub(self._channel)
        self._new_token = new_token
        self._wait = wait
        self._token = ""

    def push(self, request: CreateUserPlanStatusRequest) -> None:
        """Stores a status.

        It sends the same request again if the host is overloaded or the answer is lost: a push with an equal
        update_time is accepted again.
        """
        for attempt in range(1, ATTEMPTS + 1):
            self._token = self._token or self._new_token()
            try:
                metadata = (("authorization", f"Bearer {self._token}"),)
                self._stub.CreateUserPlanStatus(request, metadata=metadata, timeout=30)
                return
            except grpc.RpcError as error:
                code = error.code()
                if attempt == ATTEMPTS or code not in (*RETRIED, grpc.StatusCode.UNAUTHENTICATED):
                    raise
                if code == grpc.StatusCode.UNAUTHENTICATED:
                    self._token = ""
                else:
                    self._wait(retry_delay(error))

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()


def retry_delay(error: grpc.RpcError) -> float:
    """Returns how many seconds the host asks to wait, by default one."""
    info = RetryInfo()
    return info.retry_delay.ToTimedelta().total_seconds() if find_detail(error, info) else 1.0


def reason_of(error: grpc.RpcError) -> str:
    """Returns the reason of an error, such as PLAN_STATUS_STALE, or an empty string."""
    info = ErrorInfo()
    find_detail(error, info)
    return info.reason


def find_detail(error: grpc.RpcError, detail: Message) -> bool:
    """Reads the detail of its type, and returns whether the error has one."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            return any(each.Unpack(detail) for each in Status.FromString(value).details)
    return False
