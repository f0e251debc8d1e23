/** Runs in the browser. */
import type { Transport } from "@connectrpc/connect";
import { callCase, type Form, forms, type VectorCase } from "./call-case.ts";
import { type ProtocolName, protocols } from "./protocols.ts";

/** Input of the page. */
export type PageInput = {
  readonly endpoint: string;
  readonly cases: readonly VectorCase[];
  /** Bearer tokens by their names in cases. */
  readonly tokens: Readonly<Record<string, string>>;
};

declare global {
  /** Prints a line. Defined by the program that opens the page. */
  var printLine: (line: string) => Promise<void>;
  /** Runs all cases over all protocols. */
  var runCases: (input: PageInput) => Promise<void>;
  /** Says whether the page can read an answer of the server, of a call that requires no token. */
  var canCall: (endpoint: string) => Promise<boolean>;
}

globalThis.runCases = async ({ endpoint, cases, tokens }) => {
  for (const { name, createTransport } of protocols) {
    const transport = createTransport(endpoint);
    for (const each of cases) {
      for (const form of forms) {
        await printLine(JSON.stringify(await lineOf(name, transport, form, each, tokens)));
      }
    }
  }
};

async function lineOf(
  protocol: ProtocolName,
  transport: Transport,
  form: Form,
  each: VectorCase,
  tokens: PageInput["tokens"],
) {
  const why = await callCase({ protocol, transport, form, tokens }, each);
  return { protocol, form, case: each.name, ok: why === undefined, ...(why !== undefined && { why }) };
}

globalThis.canCall = (endpoint) =>
  fetch(`${endpoint}/grpc.health.v1.Health/Check`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  }).then(
    () => true,
    () => false,
  );
