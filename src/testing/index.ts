// The test kit: an emulator for tests, in this process or another, and what a test asks of it.
import "../contract/require-node.ts";

export {
  type CpidOptions,
  type CpidReport,
  checkCpidEndpoint,
} from "../pull/check-cpid-endpoint.ts";
export type { Finding } from "../pull/finding.ts";
export {
  type PullCredentials,
  type PullOptions,
  type PullReport,
  pullPlanStatus,
} from "../pull/pull-plan-status.ts";
export {
  type CallFilter,
  controlEmulator,
  type EmulatorControl,
  type RecordFilter,
  type TokenOptions,
} from "./emulator-control.ts";
export type { Failure } from "./failure.ts";
export { startTestServer, type TestServer, type TestServerOptions } from "./test-server.ts";
