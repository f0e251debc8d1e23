import { type JsonObject, readJsonBody, redirectProblems } from "./answer-rules.ts";
import { checkErrorAnswer } from "./error-answer.ts";
import type { Answer } from "./exchange.ts";
import { type ExchangeReport, error, type Finding, type Problem, quoted, shown, warning } from "./finding.ts";
import { createRun } from "./run.ts";
import { cleartextWarnings, parseTargetUrl } from "./target-url.ts";
import { userKeyProblems } from "./user-key.ts";

/** How to check a CPID endpoint. */
export type CpidOptions = {
  readonly cpidUrl: string;
  /** Value of the query parameter `app` of the third request. Defaults to `mobiledataplan`. */
  readonly app?: string | undefined;
  /** Sent as Accept-Language. Defaults to `en-US`. */
  readonly language?: string | undefined;
  readonly ca?: string | undefined;
  /** Time for each exchange, in milliseconds. Defaults to 30 seconds. */
  readonly timeoutMs?: number | undefined;
};

/** A CPID as the endpoint returned it. */
export type Cpid = { readonly cpid: string; readonly ttlSeconds?: number };

/** The requests, the CPIDs and the findings of a check. */
export type CpidReport = {
  readonly exchanges: readonly ExchangeReport[];
  /** The CPIDs in the answers, valid or not. */
  readonly cpids: readonly Cpid[];
  readonly findings: readonly Finding[];
};

const day = 24 * 60 * 60;

/** Google requires that a CPID is valid for 14 days, and recommends 30. */
export const minTtlSeconds = 14 * day;
/** See {@link minTtlSeconds}. */
export const recommendedTtlSeconds = 30 * day;

/**
 * Requests CPIDs as applications do: twice without a query and once with `app`. Each answer must have a new CPID. Throws
 * TypeError for a URL that cannot be called, and never because of an answer.
 *
 * ```ts
 * const { findings } = await checkCpidEndpoint({ cpidUrl: "https://cpid.example.com/cpid" });
 * ```
 */
export async function checkCpidEndpoint(options: CpidOptions): Promise<CpidReport> {
  const { app = "mobiledataplan", language = "en-US", ca, timeoutMs = 30_000 } = options;
  const url = endpointUrl(options.cpidUrl);
  const withApp = new URL(url);
  withApp.searchParams.set("app", app);
  const run = createRun({ ca, timeoutMs });
  run.add("cpid", cleartextWarnings(url, "url"));
  const cpids: (Cpid & { readonly answer: string })[] = [];
  const calls = [
    ["cpid", url],
    ["second cpid", url],
    ["cpid with app", withApp],
  ] as const;
  for (const [name, target] of calls) {
    const headers = { "accept-language": language };
    const answer = await run.exchange({ name, method: "GET", url: target, headers });
    if (answer === undefined) {
      break;
    }
    const { cpid, problems } = checkCpidAnswer(answer);
    const same = cpids.find((each) => each.cpid === cpid?.cpid);
    // What the answers have in common is reported once.
    run.add(
      name,
      same === undefined ? problems : [...problems, repeated(same.answer)],
      calls.map(([each]) => each),
    );
    cpids.push(...(cpid === undefined ? [] : [{ ...cpid, answer: name }]));
  }
  return {
    exchanges: run.exchanges,
    cpids: cpids.map(({ answer, ...cpid }) => cpid),
    findings: run.findings,
  };
}

function repeated(answer: string): Problem {
  return error(
    "cpid",
    `is that of the answer "${answer}": each GET must return a new CPID; caches must not keep it`,
  );
}

function endpointUrl(text: string): URL {
  try {
    return parseTargetUrl(text, { query: true, cleartext: true });
  } catch (cause) {
    throw new TypeError(`url: ${(cause as Error).message}`);
  }
}

/** Checks one answer of a CPID endpoint: 200 with `{"cpid": "…", "ttlSeconds": 2592000}`. */
export function checkCpidAnswer(answer: Answer): { cpid?: Cpid; problems: Problem[] } {
  const redirect = redirectProblems(answer);
  if (redirect.length > 0) {
    return { problems: redirect };
  }
  if (answer.status !== 200) {
    return { problems: [...checkErrorAnswer(answer, "cpid", undefined).problems] };
  }
  const { json, problems } = readJsonBody(answer);
  if (json === undefined) {
    return { problems: [...problems] };
  }
  const { cpid, ttlSeconds } = json;
  return {
    ...(typeof cpid === "string" &&
      cpid !== "" && { cpid: { cpid, ...(typeof ttlSeconds === "number" && { ttlSeconds }) } }),
    problems: [...problems, ...cpidProblems(cpid), ...ttlProblems(ttlSeconds), ...otherProblems(json)],
  };
}

function cpidProblems(cpid: unknown): Problem[] {
  if (cpid === undefined) {
    return [error("cpid", "value is required")];
  }
  if (typeof cpid !== "string" || cpid === "") {
    return [error("cpid", `is ${shown(cpid)}: must be a string with text`)];
  }
  // The CPID becomes the user key of pushes.
  const problems = userKeyProblems(cpid, "cpid");
  return /^\+?\d{7,15}$/.test(cpid)
    ? [...problems, warning("cpid", "looks like a phone number: a CPID must be encrypted")]
    : problems;
}

function ttlProblems(seconds: unknown): Problem[] {
  if (seconds === undefined) {
    return [error("ttlSeconds", "value is required: a number of seconds, at least 1209600 (14 days)")];
  }
  if (typeof seconds !== "number" || !Number.isSafeInteger(seconds)) {
    return [
      error("ttlSeconds", `is ${shown(seconds)}: must be a JSON number, whole seconds, such as 2592000`),
    ];
  }
  if (seconds < minTtlSeconds) {
    return [error("ttlSeconds", `is ${seconds}: must be at least ${minTtlSeconds} (14 days)`)];
  }
  return seconds < recommendedTtlSeconds
    ? [warning("ttlSeconds", `is ${seconds}: ${recommendedTtlSeconds} (30 days) is recommended`)]
    : [];
}

function otherProblems(json: JsonObject): Problem[] {
  return Object.keys(json)
    .filter((name) => name !== "cpid" && name !== "ttlSeconds")
    .slice(0, 10)
    .map((name) => warning(/^\w{1,64}$/.test(name) ? name : quoted(name), "is not a field of a CPID"));
}
