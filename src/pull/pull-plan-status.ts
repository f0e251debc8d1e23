import type { NotificationType } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import type { PlanStatus } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { type Clock, systemClock } from "../contract/clock.ts";
import { formatInstant, instantOf, isLater } from "../contract/instant.ts";
import type { UnknownFields } from "../contract/unknown-names/unknown-fields.ts";
import { fetchAccessToken, isBearerToken, type OAuthClient, tokenCharacters } from "./access-token.ts";
import { cacheProblems, mediaTypeProblems, redirectProblems } from "./answer-rules.ts";
import { checkEligibility } from "./eligibility.ts";
import { checkErrorAnswer, type ErrorAnswer } from "./error-answer.ts";
import { type ExchangeOptions, exchange } from "./exchange.ts";
import { type ExchangeReport, error, type Finding, type Problem, warning } from "./finding.ts";
import { createStatusCheck, type StatusAnswer } from "./status-answer.ts";
import {
  cleartextWarnings,
  eligibilityUrl,
  type KeyType,
  parseTargetUrl,
  planStatusUrl,
  unsendableSegment,
} from "./target-url.ts";
import { userKeyProblems } from "./user-key.ts";

/** How Google gets the access token: a fixed one, or one for each pair of credentials that is live. */
export type PullCredentials =
  | { readonly token: string }
  | {
      readonly tokenUrl: string;
      /** One pair, or two during a rotation: each must get a token. */
      readonly clients: readonly OAuthClient[];
    };

export type PullOptions = {
  /** URL of the Data Plan Agent, to which `/{userKey}/planStatus` is added. */
  readonly dpaUrl: string;
  readonly userKey: string;
  readonly keyType: KeyType;
  /** The application that asks, such as `mobiledataplan`. */
  readonly clientId: string;
  /** Absent for an agent that does not require a token. */
  readonly credentials?: PullCredentials | undefined;
  /** Also asks which plans the user may buy: `{}` for all, or whether one is among them. */
  readonly eligibility?: { readonly planId?: string | undefined } | undefined;
  /** Sent as Accept-Language. Defaults to `en-US`. */
  readonly language?: string | undefined;
  readonly unknownFields?: UnknownFields | undefined;
  /** Trusted certificates in PEM. Defaults to the well-known ones. */
  readonly ca?: string | undefined;
  /** Time for each exchange, in milliseconds. Defaults to 30 seconds. */
  readonly timeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
  /** How far in the future an `updateTime` may lie, in milliseconds. Defaults to one minute. */
  readonly clockSkewMs?: number | undefined;
};

export type PullReport = {
  readonly exchanges: readonly ExchangeReport[];
  /** The status of the last pull; absent if it has none that is valid. */
  readonly planStatus?: PlanStatus;
  /** The notifications that Google would send if this status was pushed. */
  readonly notifications: readonly NotificationType[];
  /** Set if the agent answered with an error. */
  readonly error?: ErrorAnswer;
  /** Plans that the user may buy, if this was asked and answered. */
  readonly eligiblePlans?: readonly string[];
  readonly findings: readonly Finding[];
};

/** A run: what it found so far. */
type Run = {
  readonly exchanges: ExchangeReport[];
  readonly findings: Finding[];
  add(answer: string, problems: readonly Problem[]): void;
};

/** Creates an empty run. What was found in an earlier answer is not repeated. */
function createRun(): Run {
  const findings: Finding[] = [];
  // Ages and durations differ from answer to answer.
  const keyOf = ({ field, description }: Problem) => `${field} ${description.replaceAll(/\d+/g, "0")}`;
  return {
    exchanges: [],
    findings,
    add(answer, problems) {
      const known = new Set(findings.filter((each) => each.answer !== answer).map(keyOf));
      findings.push(
        ...problems.filter((each) => !known.has(keyOf(each))).map((each) => ({ ...each, answer })),
      );
    },
  };
}

/**
 * Pulls a plan status from a Data Plan Agent as Google does, twice in a row, and reports everything that differs from what
 * Google documents. Throws TypeError for options that allow no request, and never because of an answer.
 *
 * ```ts
 * const { findings, planStatus } = await pullPlanStatus({
 *   dpaUrl: "https://dpa.example.com/v1",
 *   userKey: "a/b+c==",
 *   keyType: "CPID",
 *   clientId: "mobiledataplan",
 *   credentials: { token },
 * });
 * ```
 */
export async function pullPlanStatus(options: PullOptions): Promise<PullReport> {
  const { userKey, keyType, clientId, credentials, clock = systemClock, clockSkewMs = 60_000 } = options;
  const dpa = target("dpa", options.dpaUrl);
  const tokenUrl =
    credentials !== undefined && "tokenUrl" in credentials
      ? target("token-url", credentials.tokenUrl, true)
      : undefined;
  requireSendable(options);
  const connecting = { ca: options.ca, timeoutMs: options.timeoutMs ?? 30_000 };
  const run = createRun();
  run.add("pull", cleartextWarnings(dpa, "dpa"));
  const tokens = await tokensOf(credentials, tokenUrl, connecting, run);
  const [first] = tokens;
  if (first === undefined) {
    return { exchanges: run.exchanges, notifications: [], findings: run.findings };
  }
  const check = createStatusCheck({ ...options, userKey, clientId, clock, clockSkewMs });
  const url = planStatusUrl(dpa, userKey, keyType, clientId);
  const pull = (name: string, token: Token) =>
    pullOnce(name, url, headersOf(token, options.language), { check, keyType, connecting, run });
  let pulled = await pull("pull", first);
  if (pulled.planStatus !== undefined) {
    const before = pulled;
    pulled = await pull("second pull", tokens[1] ?? first);
    run.add("second pull", freshnessProblems(before.planStatus, pulled.planStatus, clock.now()));
  }
  const { planStatus, notifications, error: errorAnswer } = pulled;
  const eligiblePlans = await askEligibility(
    dpa,
    headersOf(first, options.language),
    options,
    connecting,
    run,
  );
  return {
    exchanges: run.exchanges,
    ...(planStatus && { planStatus }),
    notifications,
    ...(errorAnswer && { error: errorAnswer }),
    ...(eligiblePlans && { eligiblePlans }),
    findings: run.findings,
  };
}

/** An access token, or "none" if the agent is called without. */
type Token = string;

const none: Token = "";

/** Throws TypeError for options that no request can carry. */
function requireSendable({ userKey, eligibility, credentials }: PullOptions): void {
  const planId = eligibility?.planId;
  const problems = [
    ...userKeyProblems(userKey, "user-key"),
    ...(planId === undefined ? [] : [error("eligibility", unsendableSegment(planId) ?? "")]),
  ].filter(({ severity, description }) => severity === "error" && description !== "");
  const [problem] = problems;
  if (problem !== undefined) {
    throw new TypeError(`${problem.field}: ${problem.description}`);
  }
  if (credentials !== undefined && "token" in credentials && !isBearerToken(credentials.token)) {
    throw new TypeError(`token: ${tokenCharacters}`);
  }
}

function target(name: string, text: string, query = false): URL {
  try {
    return parseTargetUrl(text, { query });
  } catch (cause) {
    throw new TypeError(`${name}: ${(cause as Error).message}`);
  }
}

function headersOf(token: Token, language = "en-US"): Record<string, string> {
  return {
    "cache-control": "no-cache",
    "accept-language": language,
    ...(token !== none && { authorization: `Bearer ${token}` }),
  };
}

async function tokensOf(
  credentials: PullCredentials | undefined,
  tokenUrl: URL | undefined,
  connecting: ExchangeOptions,
  run: Run,
): Promise<Token[]> {
  if (credentials === undefined) {
    run.add("pull", [
      warning("Authorization", "no credentials: Google sends an access token, and the agent must require it"),
    ]);
    return [none];
  }
  if (tokenUrl === undefined || !("clients" in credentials)) {
    return "token" in credentials ? [credentials.token] : [];
  }
  run.add("token", cleartextWarnings(tokenUrl, "token-url"));
  const tokens: Token[] = [];
  for (const [index, client] of credentials.clients.entries()) {
    const name = index === 0 ? "token" : "second token";
    const { report, token, problems } = await fetchAccessToken(name, tokenUrl, client, connecting);
    run.exchanges.push(report);
    run.add(name, problems);
    tokens.push(...(token === undefined ? [] : [token]));
  }
  return tokens;
}

type Pulled = StatusAnswer & { readonly error?: ErrorAnswer };

async function pullOnce(
  name: string,
  url: URL,
  headers: Record<string, string>,
  context: {
    check: (body: Uint8Array) => StatusAnswer;
    keyType: KeyType;
    connecting: ExchangeOptions;
    run: Run;
  },
): Promise<Pulled> {
  const { check, keyType, connecting, run } = context;
  const { report, answer, problems } = await exchange({ name, method: "GET", url, headers }, connecting);
  run.exchanges.push(report);
  run.add(name, problems);
  const nothing: Pulled = { notifications: [], problems: [] };
  if (answer === undefined) {
    return nothing;
  }
  const redirect = redirectProblems(answer);
  run.add(name, [...redirect, ...cacheProblems(answer)]);
  if (redirect.length > 0) {
    return nothing;
  }
  if (answer.status !== 200) {
    const checked = checkErrorAnswer(answer, "planStatus", keyType);
    run.add(name, checked.problems);
    return { ...nothing, error: checked.error };
  }
  const status = answer.body === undefined ? nothing : check(answer.body);
  run.add(name, [...mediaTypeProblems(answer), ...status.problems]);
  return status;
}

/** What two answers in a row say about caches. An equal time proves nothing: the backend may not have changed it. */
function freshnessProblems(
  first: PlanStatus | undefined,
  second: PlanStatus | undefined,
  nowMs: number,
): Problem[] {
  if (first?.updateTime === undefined || second?.updateTime === undefined) {
    return [];
  }
  const [before, after] = [instantOf(first.updateTime), instantOf(second.updateTime)];
  if (isLater(before, after)) {
    return [
      error(
        "updateTime",
        `is ${formatInstant(after)}, earlier than ${formatInstant(before)} in the answer before: times must not go back`,
      ),
    ];
  }
  const age = Math.floor(nowMs / 1000 - after.seconds);
  return isLater(after, before) || age <= 60
    ? []
    : [
        warning(
          "updateTime",
          `is ${age} s old and the same as in the answer before: the request has Cache-Control: no-cache, so read the backend`,
        ),
      ];
}

async function askEligibility(
  dpa: URL,
  headers: Record<string, string>,
  { userKey, keyType, eligibility, unknownFields }: PullOptions,
  connecting: ExchangeOptions,
  run: Run,
): Promise<readonly string[] | undefined> {
  if (eligibility === undefined) {
    return undefined;
  }
  const url = eligibilityUrl(dpa, userKey, keyType, eligibility.planId);
  const name = "eligibility";
  const { report, answer, problems } = await exchange({ name, method: "GET", url, headers }, connecting);
  run.exchanges.push(report);
  run.add(name, problems);
  if (answer === undefined) {
    return undefined;
  }
  const checked = checkEligibility(answer, { planId: eligibility.planId, keyType, unknownFields });
  run.add(name, checked.problems);
  return checked.planIds;
}
