import type { UnknownFields } from "../contract/unknown-names/unknown-fields.ts";
import { cacheProblems, isObject, type JsonObject, readJsonBody, redirectProblems } from "./answer-rules.ts";
import { checkErrorAnswer } from "./error-answer.ts";
import type { Answer } from "./exchange.ts";
import { error, type Problem, quoted, warning } from "./finding.ts";
import type { Run } from "./run.ts";
import type { KeyType } from "./target-url.ts";

/** What was asked about eligible plans. */
export type EligibilityQuestion = {
  /** The plan that was asked for; absent for all. */
  readonly planId?: string | undefined;
  readonly keyType: KeyType;
  readonly unknownFields?: UnknownFields | undefined;
};

/** The plans that the user may buy, and what is wrong with the answer. */
export type Eligibility = { readonly planIds?: readonly string[]; readonly problems: readonly Problem[] };

/** Asks for eligible plans. Resolves with their ids, or undefined if the answer has no list. */
export async function askEligibility(
  url: URL,
  headers: Readonly<Record<string, string>>,
  question: EligibilityQuestion,
  run: Run,
): Promise<readonly string[] | undefined> {
  const answer = await run.exchange({ name: "eligibility", method: "GET", url, headers });
  if (answer === undefined) {
    return undefined;
  }
  const { planIds, problems } = checkEligibility(answer, question);
  run.add("eligibility", problems);
  return planIds;
}

/** Most problems that are reported of the list. */
const maxProblems = 100;

/** Checks an answer to `GET {DPA}/{userKey}/Eligibility/{planId}`: `{"eligiblePlans": [{"planId": …}]}`. */
export function checkEligibility(answer: Answer, question: EligibilityQuestion): Eligibility {
  const redirect = redirectProblems(answer);
  if (redirect.length > 0) {
    return { problems: redirect };
  }
  if (answer.status !== 200) {
    return { problems: checkErrorAnswer(answer, "eligibility", question.keyType).problems };
  }
  const { json, problems } = readJsonBody(answer);
  const first = [...cacheProblems(answer), ...problems];
  if (json === undefined) {
    return { problems: first };
  }
  const found = unknownProblems(json, "", ["eligiblePlans"], question.unknownFields);
  const { eligiblePlans: plans } = json;
  if (!Array.isArray(plans)) {
    const description =
      plans === undefined ? "value is required: a list" : "must be a list of objects with planId";
    return { problems: [...first, ...found, error("eligiblePlans", description)] };
  }
  const planIds: string[] = [];
  for (const [index, plan] of plans.entries()) {
    const path = `eligiblePlans[${index}]`;
    if (!isObject(plan)) {
      found.push(error(path, "must be an object with planId"));
      continue;
    }
    found.push(...unknownProblems(plan, `${path}.`, ["planId"], question.unknownFields));
    if (typeof plan.planId === "string" && plan.planId !== "") {
      planIds.push(plan.planId);
    } else {
      const description = plan.planId === undefined ? "value is required" : "must be a string with text";
      found.push(error(`${path}.planId`, description));
    }
  }
  if (question.planId !== undefined && !planIds.includes(question.planId)) {
    found.push(
      error(
        "eligiblePlans",
        `does not contain ${quoted(question.planId)}: if the user may not buy it, answer 409`,
      ),
    );
  }
  return { planIds, problems: [...first, ...found.slice(0, maxProblems)] };
}

function unknownProblems(
  object: JsonObject,
  path: string,
  known: readonly string[],
  unknownFields: UnknownFields = "refuse",
): Problem[] {
  if (unknownFields === "ignore") {
    return [];
  }
  const problem = unknownFields === "warn" ? warning : error;
  return Object.keys(object)
    .filter((name) => !known.includes(name))
    .slice(0, maxProblems)
    .map((name) =>
      problem(`${path}${/^\w{1,64}$/.test(name) ? name : quoted(name)}`, "is not a known field"),
    );
}
