import type { ConnectOptions } from "./connection.ts";
import { type Answer, type Call, exchange } from "./exchange.ts";
import type { ExchangeReport, Finding, Problem } from "./finding.ts";

/** The exchanges of a check and what was found in them so far. */
export type Run = {
  readonly exchanges: readonly ExchangeReport[];
  readonly findings: readonly Finding[];
  /** Makes a request. Resolves with undefined if no answer arrived. */
  exchange(call: Call): Promise<Answer | undefined>;
  /** Adds what was found in an answer, except what was found in one of the answers `like` it. */
  add(answer: string, problems: readonly Problem[], like?: readonly string[]): void;
};

/** Creates a run without exchanges. */
export function createRun(options: ConnectOptions): Run {
  const exchanges: ExchangeReport[] = [];
  const findings: Finding[] = [];

  function add(answer: string, problems: readonly Problem[], like: readonly string[] = []): void {
    const known = new Set(findings.filter((each) => like.includes(each.answer)).map(keyOf));
    findings.push(...problems.filter((each) => !known.has(keyOf(each))).map((each) => ({ ...each, answer })));
  }

  return {
    exchanges,
    findings,
    add,
    async exchange(call) {
      const { report, answer, problems } = await exchange(call, options);
      exchanges.push(report);
      add(call.name, problems);
      return answer;
    },
  };
}

/** Ages and other numbers differ from answer to answer. */
function keyOf({ field, description }: Problem): string {
  return `${field} ${description.replaceAll(/\d+/g, "0")}`;
}
