import { create } from "@bufbuild/protobuf";
import { timestampDate, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Client, createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import {
  type Call,
  Clock_Mode as ClockMode,
  ClockSchema,
  type Fault,
  type Notification,
  type Record as StoredRecord,
} from "../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { EmulatorService } from "../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import { ErrorReason } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { resourceName } from "../contract/resource-names.ts";
import { durationOf, namedValue, operatorOf, requireKnownProperties, timeOf } from "./check-arguments.ts";
import { errorReasons, type Failure, faultOf } from "./failure.ts";

export type TokenOptions = {
  /** ASN of the operator that the token is for. Defaults to that of the test server. */
  operator?: number | undefined;
  /** What the token allows. Defaults to both. */
  scopes?: readonly ("push" | "read")[] | undefined;
  /** How long it is valid by the emulated clock, in ms. Defaults to an hour. */
  lifetimeMs?: number | undefined;
};

/** What calls must have in common. */
export type CallFilter = {
  /** Name of the method, such as `CreatePlanStatus`. */
  method?: string | undefined;
  /** ASN of the operator. */
  operator?: number | undefined;
  clientId?: string | undefined;
  /** Pattern of user keys or plan group ids, such as `+1415*`. */
  userKey?: string | undefined;
  /** Reason with which the calls ended, such as `PLAN_STATUS_STALE`. */
  reason?: keyof typeof ErrorReason | undefined;
};

/** What records and notifications must have in common. */
export type RecordFilter = Pick<CallFilter, "operator" | "clientId" | "userKey">;

/**
 * Controls an emulator and reads what it has received. Functions reject with a RangeError that names the invalid argument,
 * or with the ConnectError of the emulator; with code `Unavailable` if it cannot be reached.
 */
export type EmulatorControl = {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** A client of EmulatorService, with all of its methods. */
  readonly service: Client<typeof EmulatorService>;
  /** Creates an access token for the header `Authorization: Bearer <token>`. */
  token(options?: TokenOptions): Promise<string>;
  readonly clock: {
    now(): Promise<Date>;
    /** Freezes the clock at a time. */
    set(time: Date | string): Promise<void>;
    /** Advances the clock by this many milliseconds. A frozen clock stays frozen. */
    advance(ms: number): Promise<void>;
    /** Returns to the time of the machine. */
    useReal(): Promise<void>;
  };
  /** Makes the next calls fail: one, or as many as `count` says. */
  failNext(failure: Failure): Promise<Fault>;
  readonly devices: {
    /** Sets whether a push that would notify is rejected if no device has registered its user key. */
    enforce(isEnforced?: boolean): Promise<void>;
    register(userKey: string, operator?: number): Promise<void>;
    unregister(userKey: string, operator?: number): Promise<void>;
  };
  /** Returns the calls that the journal holds, the oldest first. */
  calls(filter?: CallFilter): Promise<Call[]>;
  /** Returns the stored statuses and groups. */
  records(filter?: RecordFilter): Promise<StoredRecord[]>;
  /** Returns the notifications that were sent, the oldest first. */
  notifications(filter?: RecordFilter): Promise<Notification[]>;
  /** Adds a scenario: one that is built in, by its id, or the text of a file. */
  load(scenario: string | { text: string }): Promise<void>;
  /** Returns to the state after the start. */
  reset(): Promise<void>;
};

/**
 * Returns the control of a running emulator, such as one in a container.
 *
 * ```ts
 * const emulator = controlEmulator("http://127.0.0.1:8080");
 * await emulator.failNext({ reason: "SERVER_OVERLOADED", retryAfterMs: 2_000 });
 * ```
 */
export function controlEmulator(
  url: string,
  { operator = defaultOperator }: { operator?: number | undefined } = {},
): EmulatorControl {
  return createControl(url, operator);
}

/** Returns the control of an emulator. Its calls begin with the interceptors. */
export function createControl(
  url: string,
  operator: number,
  interceptors: Interceptor[] = [],
): EmulatorControl {
  operatorOf("operator", operator);
  const transport = createConnectTransport({ baseUrl: url, httpVersion: "1.1", interceptors });
  const service = createClient(EmulatorService, transport);
  return {
    url,
    service,
    async token(options = {}) {
      requireKnownProperties("the options of a token", options, tokenProperties);
      const { scopes = [], lifetimeMs } = options;
      const { accessToken } = await service.createToken({
        operators: [operatorOf("operator", options.operator ?? operator)],
        scopes: [...scopes],
        ...(lifetimeMs !== undefined && { lifetime: durationOf("lifetimeMs", lifetimeMs) }),
      });
      return accessToken;
    },
    clock: createClockControl(service),
    failNext: async (failure) => service.createFault({ fault: faultOf(failure) }),
    devices: {
      async enforce(enforced = true) {
        await service.updateRegistration({ registration: { enforced }, updateMask: { paths: ["enforced"] } });
      },
      async register(userKey, asn = operator) {
        await service.createDevice({ parent: operatorOf("operator", asn), device: { userKey } });
      },
      async unregister(userKey, asn = operator) {
        operatorOf("operator", asn);
        await service.deleteDevice({ name: resourceName(asn, "devices", userKey) });
      },
    },
    async calls(filter = {}) {
      requireKnownProperties("the filter of calls", filter, callProperties);
      const { method = "", reason: name } = filter;
      const reason = name === undefined ? undefined : namedValue("reason", name, ErrorReason, errorReasons);
      const asked = { ...namesOf(filter), method, ...(reason !== undefined && { reason }), pageSize };
      const pages = allPages((pageToken) => service.listCalls({ ...asked, pageToken }));
      return (await pages).flatMap(({ calls }) => calls).toReversed();
    },
    async records(filter = {}) {
      requireKnownProperties("the filter of records", filter, recordProperties);
      const pages = allPages((pageToken) => service.listRecords({ ...namesOf(filter), pageSize, pageToken }));
      return (await pages).flatMap(({ records }) => records);
    },
    async notifications(filter = {}) {
      requireKnownProperties("the filter of notifications", filter, recordProperties);
      const pages = allPages((pageToken) =>
        service.listNotifications({ ...namesOf(filter), pageSize, pageToken }),
      );
      return (await pages).flatMap(({ notifications }) => notifications).toReversed();
    },
    async load(scenario) {
      requireScenario(scenario);
      await service.loadScenario({
        source:
          typeof scenario === "string"
            ? { case: "scenarioId", value: scenario }
            : { case: "text", value: scenario.text },
      });
    },
    async reset() {
      await service.reset({});
    },
  };
}

/** The operator of tests that do not name one. */
export const defaultOperator = 65001;

const tokenProperties: Readonly<Record<keyof TokenOptions, true>> = {
  operator: true,
  scopes: true,
  lifetimeMs: true,
};
const recordProperties: Readonly<Record<keyof RecordFilter, true>> = {
  operator: true,
  clientId: true,
  userKey: true,
};
const callProperties: Readonly<Record<keyof CallFilter, true>> = {
  method: true,
  reason: true,
  ...recordProperties,
};

/** Throws unless it is the id of a scenario or has the text of a file. */
export function requireScenario(scenario: string | { text: string }): void {
  if (typeof scenario !== "string" && typeof scenario?.text !== "string") {
    throw new RangeError(
      "scenario: must be the id of a built-in scenario, or { text } with the text of a file",
    );
  }
}

/** The largest page that the emulator returns. */
const pageSize = 1_000;

function createClockControl(service: Client<typeof EmulatorService>): EmulatorControl["clock"] {
  return {
    async now() {
      const { time } = await service.getClock({});
      return time === undefined ? new Date(Number.NaN) : timestampDate(time);
    },
    async set(time) {
      const clock = create(ClockSchema, {
        mode: ClockMode.FROZEN,
        time: timestampFromMs(timeOf("time", time)),
      });
      await service.updateClock({ clock });
    },
    async advance(ms) {
      await service.advanceClock({ duration: durationOf("ms", ms) });
    },
    async useReal() {
      await service.updateClock({ clock: create(ClockSchema, { mode: ClockMode.REAL }) });
    },
  };
}

function namesOf({ operator, clientId = "", userKey = "" }: RecordFilter) {
  return { operator: operator === undefined ? "" : operatorOf("operator", operator), clientId, userKey };
}

async function allPages<Page extends { nextPageToken: string }>(
  read: (pageToken: string) => Promise<Page>,
): Promise<Page[]> {
  const pages = [await read("")];
  for (let last = pages[0]; last?.nextPageToken; last = pages.at(-1)) {
    pages.push(await read(last.nextPageToken));
  }
  return pages;
}
