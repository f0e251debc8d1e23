import { readFileSync } from "node:fs";
import { create, type DescMessage } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { createTranscodingHandler } from "../../../src/transcoding/index.ts";
import { compile } from "../../scripts/generate/openapi/compile.ts";
import { startTestListener, type TestListener } from "../../support/test-listener.ts";
import { found } from "../../transcoding/fixtures/library.ts";

export const protoFile = new URL("texts.proto", import.meta.url).pathname;

/** A call that a program makes, one per line of its input. */
export type Call = {
  readonly name: string;
  readonly url: string;
  /** JSON of the request; empty for GET. */
  readonly body: string;
  readonly protocol: "HTTP/1.1" | "HTTP/2";
  /** Whether to accept compression. */
  readonly gzip: boolean;
  /** The library of messages, for Python. */
  readonly messages: "proto-plus" | "protobuf";
};

/** What a program reports of a call, one per line of its output. */
export type Report = {
  readonly name: string;
  /** The texts of the messages; empty for a message that the client took for one. */
  readonly messages: readonly string[];
  /** What the client raised; empty if it read a clean end. */
  readonly error: string;
  /** HTTP status of the error; 0 if it has none. */
  readonly code: number;
  readonly reason: string;
  /** Fields of the violations. */
  readonly violations: readonly string[];
};

const long = "x".repeat(10_000);

/** The streams by name: their texts, and whether they fail. */
export const streams: Readonly<Record<string, { texts: readonly string[]; fails: boolean }>> = {
  complete: { texts: ["one", 'two "}],[{', "drei €"], fails: false },
  empty: { texts: [], fails: false },
  "failed-first": { texts: [], fails: true },
  "failed-later": { texts: ["one", "two"], fails: true },
  "failed-long": { texts: Array.from({ length: 10 }, () => long), fails: true },
};

/** Serves the streams with this project's listener and transcoding handler. */
export async function serveTexts(): Promise<TestListener> {
  const name = "texts/v1/texts.proto";
  const file = found(compile({ [name]: readFileSync(protoFile, "utf8") }).files[0], name);
  const service = found(file.services[0], "Texts");
  const handler = createTranscodingHandler({
    errorDomain: "texts",
    routes(router) {
      router.service(service, {
        async *readTexts(request: { name: string }) {
          const { texts, fails } = found(streams[request.name.slice("texts/".length)], request.name);
          for (const message of texts) {
            yield create(service.method.readTexts?.output as DescMessage, { message } as never);
          }
          if (fails) {
            throw new ConnectError("the texts are lost", Code.DataLoss);
          }
        },
      } as never);
    },
  });
  return startTestListener({}, { onRequest: handler });
}

/** The calls of a suite: every stream, and a request with two violations. */
export function callsTo(
  server: TestListener,
  { protocol = "HTTP/1.1", gzip = false, messages = "proto-plus" }: Partial<Call> = {},
): readonly Call[] {
  const common = { protocol, gzip, messages };
  return [
    ...Object.keys(streams).map((name) => ({
      ...common,
      name,
      url: `${server.url}/v1/texts/${name}:read`,
      body: "",
    })),
    { ...common, name: "invalid", url: `${server.url}/v1/texts`, body: '{"locale":1,"nope":2}' },
  ];
}

/** Returns what is wrong with the reports of a client, by call; empty if it sees every stream as it is. */
export function differences(reports: readonly Report[], { hidesError = true } = {}): readonly string[] {
  const byName = new Map(reports.map((report) => [report.name, report]));
  const wrong: string[] = [];
  const check = (name: string, isRight: (report: Report) => boolean) => {
    const report = byName.get(name);
    if (report === undefined || !isRight(report)) {
      wrong.push(`${name}: ${JSON.stringify(report)?.slice(0, 1_000)}`);
    }
  };
  for (const [name, { texts, fails }] of Object.entries(streams)) {
    const isFirst = fails && texts.length === 0;
    // Clients that ignore unknown fields read the error as an empty message.
    const expected = fails && !isFirst && hidesError ? [...texts, ""] : texts;
    check(
      name,
      ({ messages, error, code, reason }) =>
        JSON.stringify(messages) === JSON.stringify(expected) &&
        (error !== "") === fails &&
        (!isFirst || (code === 500 && reason === "DATA_LOSS" && error.includes("the texts are lost"))),
    );
  }
  check(
    "invalid",
    ({ code, reason, violations }) =>
      code === 400 && reason === "REQUEST_MALFORMED" && violations.join() === "locale,nope",
  );
  return wrong;
}
