"""Starts and controls the emulator, `mdps dev`, in tests."""

from __future__ import annotations

import datetime
import json
import os
import shlex
import subprocess
import threading
import urllib.parse
from types import TracebackType

import grpc
from mobiledataplansharing.emulator.v1 import emulator_service_pb2 as messages
from mobiledataplansharing.emulator.v1 import emulator_service_pb2_grpc
from mobiledataplansharing.emulator.v1.emulator_resources_pb2 import Call, Clock, Fault, Record, Registration

OPERATOR = "operators/65001"
COMMAND = "mdps dev --port 0 --json --log-level error"
START_LIMIT = 60.0


class Emulator:
    """A running emulator. `with Emulator() as emulator` stops it at the end, also if the test fails.

    MDPS_COMMAND is the command that starts it. If MDPS_ENDPOINT is set, the emulator of that URL is used instead, such as one
    in a container. `service` is the generated stub, with the methods that are not below.
    """

    def __init__(self) -> None:
        self._program: subprocess.Popen[bytes] | None = None
        self.url = os.environ.get("MDPS_ENDPOINT") or self._start(shlex.split(os.environ.get("MDPS_COMMAND", COMMAND)))
        # Such as 127.0.0.1:8080, for gRPC.
        self.host = urllib.parse.urlsplit(self.url).netloc
        self._channel = grpc.insecure_channel(self.host)
        self.service = emulator_service_pb2_grpc.EmulatorServiceStub(self._channel)
        try:
            self.reset()
        except BaseException:
            self.stop()
            raise

    def _start(self, command: list[str]) -> str:
        """Runs a command, and returns the URL in the line that it prints when it is ready."""
        self._program = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self._program.stdout is not None
        limit = threading.Timer(START_LIMIT, self._program.kill)
        limit.start()
        try:
            line = self._program.stdout.readline()
        finally:
            limit.cancel()
        try:
            return str(json.loads(line)["url"])
        except (ValueError, KeyError, TypeError):
            self._end()
            raise RuntimeError(f"{command} printed {line!r} instead of a line of JSON with a url") from None

    def stop(self) -> None:
        """Stops the emulator, if it was started here. May be called more than once."""
        self._channel.close()
        self._end()

    def _end(self) -> None:
        if self._program is not None:
            self._program.terminate()
            # Reads the rest of its output, so that it can end.
            self._program.communicate()

    def __enter__(self) -> Emulator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def token(self, lifetime: datetime.timedelta = datetime.timedelta(hours=1)) -> str:
        """Returns an access token that is valid for a time by the emulator's clock."""
        request = messages.CreateTokenRequest(operators=[OPERATOR], lifetime=lifetime)
        return self.service.CreateToken(request).access_token

    def set_clock(self, now: datetime.datetime) -> None:
        """Sets the clock to a time, at which it stands still."""
        self.service.UpdateClock(messages.UpdateClockRequest(clock=Clock(mode=Clock.FROZEN, time=now)))

    def advance(self, duration: datetime.timedelta) -> None:
        """Advances the clock."""
        self.service.AdvanceClock(messages.AdvanceClockRequest(duration=duration))

    def fail_next(self, fault: Fault) -> None:
        """Lets the next call fail as the fault says."""
        fault.next_calls = 1
        self.service.CreateFault(messages.CreateFaultRequest(fault=fault))

    def enforce_registration(self) -> None:
        """Rejects pushes that notify unless a device has registered their user key."""
        self.service.UpdateRegistration(
            messages.UpdateRegistrationRequest(registration=Registration(enforced=True))
        )

    def calls(self) -> list[Call]:
        """Returns the last 1,000 calls, the oldest first."""
        return list(reversed(self.service.ListCalls(messages.ListCallsRequest(page_size=1000)).calls))

    def records(self) -> list[Record]:
        """Returns the stored statuses and groups, at most 1,000."""
        return list(self.service.ListRecords(messages.ListRecordsRequest(page_size=1000)).records)

    def reset(self) -> None:
        """Returns to the state after the start."""
        self.service.Reset(messages.ResetRequest())
