import type { NotificationType } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import type { PlanStatus } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { type Clock, systemClock } from "../contract/clock.ts";
import { formatInstant, instantOf, isLater } from "../contract/instant.ts";
import type { UnknownFields } from "../contract/unknown-names/unknown-fields.ts";
import { fetchAccessToken, isBearerToken, type OAuthClient, tokenCharacters } from "./access-token.ts";
import { cacheProblems, mediaTypeProblems, redirectProblems } from "./answer-rules.ts";
import { askEligibility } from "./eligibility.ts";
import { checkErrorAnswer, type ErrorAnswer } from "./error-answer.ts";
import type { Call } from "./exchange.ts";
import { type ExchangeReport, error, type Finding, type Problem, warning } from "./finding.ts";
import { createRun, type Run } from "./run.ts";
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

/** How to pull a plan status. */
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

/** The requests of a pull, its result and the findings. */
export type PullReport = {
  readonly exchanges: readonly ExchangeReport[];
  /** The status of the last answer that has a valid one. */
  readonly planStatus?: PlanStatus;
  /** The notifications that Google would send if this status was pushed. */
  readonly notifications: readonly NotificationType[];
  /** Set if the agent answered with an error. */
  readonly error?: ErrorAnswer;
  /** Plans that the user may buy, if this was asked and answered. */
  readonly eligiblePlans?: readonly string[];
  readonly findings: readonly Finding[];
};

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
  const { userKey, keyType, clientId, credentials, eligibility, unknownFields } = options;
  const { clock = systemClock, clockSkewMs = 60_000, language = "en-US", timeoutMs = 30_000, ca } = options;
  const dpa = target("dpa", options.dpaUrl);
  const tokenUrl =
    credentials !== undefined && "tokenUrl" in credentials
      ? target("token-url", credentials.tokenUrl, true)
      : undefined;
  requireSendable(options);
  const run = createRun({ ca, timeoutMs });
  run.add("pull", cleartextWarnings(dpa, "dpa"));
  const headers = (await tokensOf(credentials, tokenUrl, run)).map((token) => ({
    "cache-control": "no-cache",
    "accept-language": language,
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  }));
  const [first, second = first] = headers;
  const { exchanges, findings } = run;
  if (first === undefined || second === undefined) {
    run.add("pull", [error("Authorization", "has no access token, so nothing was pulled: see the token")]);
    return { exchanges, notifications: [], findings };
  }
  const check = createStatusCheck({ userKey, clientId, unknownFields, clock, clockSkewMs });
  const url = planStatusUrl(dpa, userKey, keyType, clientId);
  let pulled = await pull({ name: "pull", method: "GET", url, headers: first }, check, keyType, run);
  if (pulled.planStatus !== undefined) {
    const again = await pull(
      { name: "second pull", method: "GET", url, headers: second },
      check,
      keyType,
      run,
    );
    run.add("second pull", freshnessProblems(pulled.planStatus, again.planStatus, clock.now()));
    pulled = again.planStatus === undefined ? { ...again, ...pulled } : again;
  }
  const eligiblePlans =
    eligibility === undefined
      ? undefined
      : await askEligibility(
          eligibilityUrl(dpa, userKey, keyType, eligibility.planId),
          first,
          { planId: eligibility.planId, keyType, unknownFields },
          run,
        );
  const { planStatus, notifications, error: errorAnswer } = pulled;
  return {
    exchanges,
    ...(planStatus && { planStatus }),
    notifications,
    ...(errorAnswer && { error: errorAnswer }),
    ...(eligiblePlans && { eligiblePlans }),
    findings,
  };
}

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

/** Returns the access tokens to pull with. One that is undefined means: without. */
async function tokensOf(
  credentials: PullCredentials | undefined,
  tokenUrl: URL | undefined,
  run: Run,
): Promise<(string | undefined)[]> {
  if (credentials === undefined) {
    run.add("pull", [
      warning("Authorization", "no credentials: Google sends an access token, and the agent must require it"),
    ]);
    return [undefined];
  }
  if (tokenUrl === undefined || !("clients" in credentials)) {
    return "token" in credentials ? [credentials.token] : [];
  }
  run.add("token", cleartextWarnings(tokenUrl, "token-url"));
  const tokens: string[] = [];
  for (const [index, client] of credentials.clients.entries()) {
    const name = index === 0 ? "token" : "second token";
    const token = await fetchAccessToken(name, tokenUrl, client, run);
    tokens.push(...(token === undefined ? [] : [token]));
  }
  return tokens;
}

type Pulled = StatusAnswer & { readonly error?: ErrorAnswer };

/** Pulls once. What the first pull has found is not repeated for the second. */
async function pull(
  call: Call,
  check: (body: Uint8Array) => StatusAnswer,
  keyType: KeyType,
  run: Run,
): Promise<Pulled> {
  const answer = await run.exchange(call);
  const nothing: Pulled = { notifications: [], problems: [] };
  if (answer === undefined) {
    return nothing;
  }
  const add = (problems: readonly Problem[]) => run.add(call.name, problems, ["pull"]);
  const redirect = redirectProblems(answer);
  add([...redirect, ...cacheProblems(answer)]);
  if (redirect.length > 0) {
    return nothing;
  }
  if (answer.status !== 200) {
    const checked = checkErrorAnswer(answer, "planStatus", keyType);
    add(checked.problems);
    return { ...nothing, error: checked.error };
  }
  const status = answer.body === undefined ? nothing : check(answer.body);
  add([...mediaTypeProblems(answer), ...status.problems]);
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
