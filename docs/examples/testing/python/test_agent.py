"""Tests of the agent against the emulator: `python -m unittest`, or pytest."""

from __future__ import annotations

import datetime
import unittest
from typing import Optional

import grpc
from agent import Agent, reason_of
from emulator import OPERATOR, Emulator
from mobiledataplansharing.emulator.v1.emulator_resources_pb2 import Fault, InjectedError
from mobiledataplansharing.v1.enums_pb2 import LOW_QUOTA, POSTPAID
from mobiledataplansharing.v1.errors_pb2 import SERVER_OVERLOADED
from mobiledataplansharing.v1.plan_status_service_pb2 import CreateUserPlanStatusRequest
from mobiledataplansharing.v1.plans_pb2 import ByteQuota, Plan, PlanModule
from mobiledataplansharing.v1.resources_pb2 import PlanStatus

NOON = datetime.datetime(2026, 12, 1, 12, tzinfo=datetime.timezone.utc)
HOUR = datetime.timedelta(hours=1)
SECOND = datetime.timedelta(seconds=1)


def push_at(updated: datetime.datetime, module: PlanModule) -> CreateUserPlanStatusRequest:
    """Returns a push of a balance that was measured at a time."""
    status = PlanStatus(
        language_code="en-US",
        update_time=updated,
        expire_time=updated + 2 * HOUR,
        plans=[Plan(plan_id="acme-199", plan_category=POSTPAID, plan_modules=[module])],
    )
    return CreateUserPlanStatusRequest(
        parent=OPERATOR, client_id="youtube", user_key="491701234567", plan_status=status
    )


def plenty() -> PlanModule:
    """Returns a module that does not notify."""
    return PlanModule(module_name="Data", description="2 GB", byte_balance=ByteQuota(quota_bytes=2 << 30))


def low(remaining: Optional[int]) -> PlanModule:
    """Returns a module that warns of a low balance."""
    balance = ByteQuota(quota_bytes=2 << 30, remaining_bytes=remaining)
    return PlanModule(
        module_name="Data", description="2 GB", byte_balance=balance, coarse_balance_level=LOW_QUOTA
    )


class AgentTest(unittest.TestCase):
    emulator: Emulator

    @classmethod
    def setUpClass(cls) -> None:
        cls.emulator = Emulator()
        cls.addClassCleanup(cls.emulator.stop)

    def setUp(self) -> None:
        self.emulator.reset()
        self.emulator.set_clock(NOON)
        self.waits: list[float] = []
        self.agent = Agent(self.emulator.host, self.emulator.token, self.waits.append)
        self.addCleanup(self.agent.close)

    def reasons(self) -> list[str]:
        """Returns how the calls ended. Over gRPC there is no HTTP status, but the same reasons."""
        return [call.reason for call in self.emulator.calls()]

    def refused(self, push: CreateUserPlanStatusRequest) -> str:
        """Sends a push that must be refused, and returns the reason."""
        with self.assertRaises(grpc.RpcError) as caught:
            self.agent.push(push)
        return reason_of(caught.exception)

    def test_order_an_older_status_is_refused(self) -> None:
        self.agent.push(push_at(NOON, plenty()))
        self.assertEqual(self.refused(push_at(NOON - SECOND, plenty())), "PLAN_STATUS_STALE")
        self.assertEqual(self.reasons(), ["", "PLAN_STATUS_STALE"])

    def test_expiry_a_status_is_gone_once_its_time_has_passed(self) -> None:
        self.agent.push(push_at(NOON, plenty()))
        self.assertEqual(len(self.emulator.records()), 1)
        self.emulator.advance(2 * HOUR)
        self.assertEqual(self.emulator.records(), [])

    def test_low_balance_remaining_bytes_is_required(self) -> None:
        self.assertEqual(self.refused(push_at(NOON, low(None))), "FIELD_INVALID")
        self.assertEqual(self.reasons(), ["FIELD_INVALID"])
        fields = [violation.field for violation in self.emulator.calls()[0].violations]
        self.assertEqual(fields, ["planStatus.plans[0].planModules[0].byteBalance.remainingBytes"])

    def test_unregistered_device_a_push_that_notifies_is_refused(self) -> None:
        self.emulator.enforce_registration()
        self.assertEqual(self.refused(push_at(NOON, low(100_000_000))), "DEVICE_NOT_REGISTERED")
        self.assertEqual(self.reasons(), ["DEVICE_NOT_REGISTERED"])

    def test_overload_the_agent_waits_as_long_as_it_is_told(self) -> None:
        error = InjectedError(reason=SERVER_OVERLOADED, retry_delay=7 * SECOND)
        self.emulator.fail_next(Fault(error=error))
        self.agent.push(push_at(NOON, plenty()))
        self.assertEqual(self.waits, [7.0])
        self.assertEqual(self.reasons(), ["SERVER_OVERLOADED", ""])

    def test_lost_answer_the_agent_sends_the_same_push_again(self) -> None:
        self.emulator.fail_next(Fault(cut=Fault.BEFORE_ANSWER))
        self.agent.push(push_at(NOON, plenty()))
        first, second = self.emulator.calls()
        self.assertEqual(first.request_json, second.request_json)
        self.assertEqual(len(self.emulator.records()), 1)

    def test_token_expiry_the_agent_gets_a_new_token(self) -> None:
        self.agent.push(push_at(NOON, plenty()))
        self.emulator.advance(HOUR)
        self.agent.push(push_at(NOON + HOUR, plenty()))
        self.assertEqual(self.reasons(), ["", "CREDENTIALS_INVALID", ""])


if __name__ == "__main__":
    unittest.main()
