/** Code of a user, with every entry of the package. The package test compiles it against the installed package. */
import {
  createPlanSharingClient,
  ErrorReason,
  type PlanStatus,
  PlanStatusSchema,
  planStatusOf,
  readError,
} from "mobile-data-plan-sharing";
import { validate } from "mobile-data-plan-sharing/client";
import { parseResourceName } from "mobile-data-plan-sharing/contract";
import { PlanServingService } from "mobile-data-plan-sharing/gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.js";
import openApi from "mobile-data-plan-sharing/openapi.json" with { type: "json" };
import { type RunningServer, type ServerOptions, startServer } from "mobile-data-plan-sharing/server";
import {
  type CpidReport,
  checkCpidEndpoint,
  controlEmulator,
  type EmulatorControl,
  type Failure,
  type Finding,
  type PullOptions,
  pullPlanStatus,
  startTestServer,
  type TestServer,
  type TestServerOptions,
} from "mobile-data-plan-sharing/testing";
import { createTranscodingHandler } from "mobile-data-plan-sharing/transcoding";
import { createRestTransport } from "mobile-data-plan-sharing/transcoding/client";

const status: PlanStatus = planStatusOf({ languageCode: "en-US", expireTime: new Date() });
const title: string = status.title + openApi.info.title + PlanStatusSchema.typeName;
const client = createPlanSharingClient({ endpoint: "production", token: title });
export const named: Promise<string> = client
  .createPlanStatus({ parent: "operators/65001", userKey: "k", planStatus: status })
  .then(
    ({ name }) => parseResourceName(name, "planStatuses")?.id ?? name,
    (error) => readError(error).reason ?? "no reason",
  );

export const violations: readonly { field: string }[] = validate(status).violations;
export const options: ServerOptions = { host: "127.0.0.1", port: 0, dataDirectory: "." };
export const server: Promise<RunningServer> = startServer(options);
export const others = [
  createTranscodingHandler,
  createRestTransport,
  PlanServingService.typeName,
  ErrorReason.FIELD_INVALID,
];

export const testServerOptions: TestServerOptions = {
  now: new Date(0),
  scenario: { text: "records: []" },
  operator: 65001,
};
const failure: Failure = { reason: "SERVER_OVERLOADED", retryAfterMs: 2_000, method: "CreatePlanStatus" };
export async function testWith(server: TestServer): Promise<string[]> {
  await using other = await startTestServer(testServerOptions);
  const control: EmulatorControl = controlEmulator(other.url, { operator: 65002 });
  await control.failNext(failure);
  await server.clock.set("2026-12-01T12:00:00Z");
  await server.token({ scopes: ["push"] });
  const records = await server.records({ operator: 65001 });
  return [...(await server.calls({ reason: "PLAN_STATUS_STALE" })), ...records].map(({ name }) => name);
}

const pullOptions: PullOptions = {
  dpaUrl: "https://dpa.example",
  userKey: "a",
  keyType: "CPID",
  clientId: "mobiledataplan",
  credentials: { token: "secret" },
  clock: { now: () => 0 },
};
export async function findingsOf(): Promise<readonly Finding[]> {
  const { findings, planStatus } = await pullPlanStatus(pullOptions);
  const cpid: CpidReport = await checkCpidEndpoint({ cpidUrl: planStatus?.title ?? "https://cpid.example" });
  return [...findings, ...cpid.findings];
}

// @ts-expect-error there is no such reason
export const unknown: Failure = { reason: "OVERLOADED" };
// @ts-expect-error a title is a string; without an error the types would be any
status.title = 1;
// @ts-expect-error the URL of a server is a string
export const url: Promise<number> = server.then((running) => running.url);
