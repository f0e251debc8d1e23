/** What every program must do with each protocol it speaks. */
export type Expectation = {
  /** Name of each case. */
  cases: readonly string[];
  /** Protocols that must be reported on. Absent: at least one. */
  protocols?: readonly string[] | undefined;
};

/** How a protocol fared: `passed` of `total`, which is every case in every form. */
export type ProtocolResult = { readonly protocol: string; readonly passed: number; readonly total: number };

/** What is to be thought of a program's output. It passed if there are results and no faults. */
export type Verdict = {
  /** By protocol, in the order of `protocols`. */
  readonly results: readonly ProtocolResult[];
  /** Cases that failed or are missing, and lines that should not be there. */
  readonly faults: readonly string[];
};

/** A message is made from the JSON of the case, or from its binary. */
export const forms = ["json", "binary"] as const;

/** Whatever a program may speak, in the order of the table. */
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
 * Judges what a program wrote on standard output: one JSON object a line, and exactly one for each case, form and
 * protocol it speaks. Silence is no success: what is not reported, reported twice, or not understood is a fault.
 */
export function judge(stdout: string, { cases, protocols: wanted = [] }: Expectation): Verdict {
  const faults: string[] = [];
  const reports = new Map<string, Report>();
  for (const line of stdout.split("\n")) {
    if (line.trim() === "") {
      continue;
    }
    const report = readReport(line, cases);
    if (typeof report === "string") {
      faults.push(`${report}: ${line.slice(0, 300)}`);
      continue;
    }
    const key = keyOf(report.protocol, report.form, report.case);
    if (reports.has(key)) {
      faults.push(`reported twice: ${key}`);
    }
    // Of two reports the worse one counts.
    reports.set(key, reports.get(key)?.ok === false ? (reports.get(key) as Report) : report);
  }
  const spoken = new Set([...wanted, ...[...reports.values()].map(({ protocol }) => protocol)]);
  if (spoken.size === 0) {
    faults.push("no case was reported at all");
  }
  const results = protocols.filter((protocol) => spoken.has(protocol)).map(resultOf);
  return { results, faults };

  function resultOf(protocol: string): ProtocolResult {
    let passed = 0;
    for (const form of forms) {
      for (const name of cases) {
        const key = keyOf(protocol, form, name);
        const report = reports.get(key);
        if (report?.ok === true) {
          passed += 1;
        } else {
          faults.push(report === undefined ? `not reported: ${key}` : `${key}: ${report.why}`);
        }
      }
    }
    return { protocol, passed, total: cases.length * forms.length };
  }
}

function keyOf(protocol: string, form: string, name: string): string {
  return `${protocol}, from ${form}, ${name}`;
}

/** Returns the report on a line, or what is wrong with it. */
function readReport(line: string, cases: readonly string[]): Report | string {
  let report: Report;
  try {
    report = JSON.parse(line);
  } catch {
    return "not a JSON object";
  }
  const { protocol, form, case: name, ok, why } = report ?? {};
  if (!(protocols as readonly string[]).includes(protocol)) {
    return "protocol is not one of the suite";
  }
  if (!(forms as readonly string[]).includes(form)) {
    return "form is neither json nor binary";
  }
  if (!cases.includes(name)) {
    return "case is not one of the vectors";
  }
  if (ok !== true && !(ok === false && typeof why === "string" && why !== "")) {
    return "neither ok, nor not ok with a why";
  }
  return report;
}
