/** What a program must report for each of its protocols. */
export type Expectation = {
  /** Name of each case. */
  cases: readonly string[];
  /** Protocols that must be reported. Defaults to at least one. */
  protocols?: readonly string[] | undefined;
};

/** Result of a protocol; `total` counts every case in every form. */
export type ProtocolResult = { readonly protocol: string; readonly passed: number; readonly total: number };

/** Result of a program. It passed if there are results and no problems. */
export type Verdict = {
  /** By protocol, in the order of `protocols`. */
  readonly results: readonly ProtocolResult[];
  /** Failed and missing cases, and invalid lines. */
  readonly problems: readonly string[];
};

/** A request is parsed from the JSON or the binary of its case. */
export const forms = ["json", "binary"] as const;

/** All protocols, in the order of the table. */
export const protocols = [
  "grpc",
  "grpc json",
  "grpc-web",
  "grpc-web json",
  "connect",
  "connect json",
  "rest",
] as const;

type Report = { protocol: string; form: string; case: string; ok: boolean; why?: string };

/**
 * Judges the standard output of a program: one JSON object per line, and exactly one for each case, form and protocol.
 * Missing, duplicate and invalid reports are problems.
 */
export function judge(stdout: string, { cases, protocols: wanted = [] }: Expectation): Verdict {
  const problems: string[] = [];
  const reports = new Map<string, Report>();
  for (const line of stdout.split("\n")) {
    if (line.trim() === "") {
      continue;
    }
    const report = readReport(line, cases);
    if (typeof report === "string") {
      problems.push(`${report}: ${line.slice(0, 300)}`);
      continue;
    }
    const key = keyOf(report.protocol, report.form, report.case);
    if (reports.has(key)) {
      problems.push(`reported twice: ${key}`);
    }
    // Of two reports, the failure counts.
    reports.set(key, reports.get(key)?.ok === false ? (reports.get(key) as Report) : report);
  }
  const spoken = new Set([...wanted, ...[...reports.values()].map(({ protocol }) => protocol)]);
  if (spoken.size === 0) {
    problems.push("no case was reported");
  }
  const results = protocols.filter((protocol) => spoken.has(protocol)).map(resultOf);
  return { results, problems };

  function resultOf(protocol: string): ProtocolResult {
    let passed = 0;
    for (const form of forms) {
      for (const name of cases) {
        const key = keyOf(protocol, form, name);
        const report = reports.get(key);
        if (report?.ok === true) {
          passed += 1;
        } else {
          problems.push(report === undefined ? `not reported: ${key}` : `${key}: ${report.why}`);
        }
      }
    }
    return { protocol, passed, total: cases.length * forms.length };
  }
}

function keyOf(protocol: string, form: string, name: string): string {
  return `${protocol}, from ${form}, ${name}`;
}

/** Returns the report on a line, or the problem of the line. */
function readReport(line: string, cases: readonly string[]): Report | string {
  let report: Report;
  try {
    report = JSON.parse(line);
  } catch {
    return "not a JSON object";
  }
  const { protocol, form, case: name, ok, why } = report ?? {};
  if (!(protocols as readonly string[]).includes(protocol)) {
    return "unknown protocol";
  }
  if (!(forms as readonly string[]).includes(form)) {
    return "form is neither json nor binary";
  }
  if (!cases.includes(name)) {
    return "unknown case";
  }
  if (ok !== true && !(ok === false && typeof why === "string" && why !== "")) {
    return "ok must be true, or false with a why";
  }
  return report;
}
