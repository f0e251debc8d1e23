import { Code } from "@connectrpc/connect";
import { codeToHttpStatus } from "@connectrpc/connect/protocol-connect";
import type { Answer, AnsweredError } from "./answer.ts";
import { contentTypeOf, encodingHeadersOf, isFramed } from "./draft.ts";
import type { Case } from "./requests.ts";

/** What an error must be: its code, and the reason or the message. */
export type ErrorShape = { readonly code: string; readonly reason?: string; readonly message?: RegExp };

/** Returns whether an error is one. */
export function hasShape(error: AnsweredError | undefined, { code, reason, message }: ErrorShape): boolean {
  return error?.code === code && reasonOf(error) === reason && (message?.test(error.message) ?? true);
}

/** Returns the reason in the ErrorInfo of an error. */
function reasonOf({ details }: AnsweredError): string | undefined {
  const info = details.find(({ type }) => type === "google.rpc.ErrorInfo");
  // Its first field.
  const bytes = Buffer.from(info?.value ?? "", "base64");
  return info && bytes.toString("latin1", 2, 2 + (bytes[1] ?? 0));
}

/** Returns how connect-node answers an error if no implementation was called. */
export function rejection(each: Case, error: AnsweredError): Answer {
  const { version, protocol, codec } = each.base;
  const encoding = acceptedEncoding(each);
  const chunked = isFramed(each.base) && version === "HTTP/1.1";
  const status = isFramed(each.base) ? 200 : codeToHttpStatus(Code[error.code as keyof typeof Code]);
  return {
    status,
    headers: {
      "content-type": [
        isFramed(each.base) ? contentTypeOf(protocol, codecIn(each) ?? codec) : "application/json",
      ],
      ...(isFramed(each.base) && encoding && { "grpc-encoding": [encoding] }),
      ...(version === "HTTP/1.1" && { connection: ["keep-alive"], "keep-alive": ["timeout=5"] }),
      ...(chunked && { "transfer-encoding": ["chunked"] }),
    },
    trailers: {},
    ...(protocol === "gRPC" && { flags: [], statusIn: "trailers" as const }),
    ...(protocol === "gRPC-Web" && { flags: [0x80], statusIn: "frame" as const }),
    error,
    hasLength: !isFramed(each.base),
    problems: [],
    calls: 0,
  };
}

/** Returns the codec that the content type of a request names. */
function codecIn({ sent }: Case): "json" | "proto" | undefined {
  const type = headerOf(sent, "content-type")?.toLowerCase();
  return type?.includes("+json") ? "json" : "proto";
}

/** Returns the first value of a header. */
export function headerOf({ headers }: Case["sent"], name: string): string | undefined {
  return headers.find(([each]) => each.toLowerCase() === name)?.[1];
}

/** Returns the encoding of answers: the first known one that is accepted, or that of the request. */
function acceptedEncoding({ base, sent }: Case): string | undefined {
  const { encoding, accept } = encodingHeadersOf(base.protocol);
  const known = ["gzip", "br"];
  const accepted = headerOf(sent, accept)?.split(",") ?? [];
  return accepted.join("") === ""
    ? known.find((name) => name === headerOf(sent, encoding))
    : accepted.map((name) => name.trim()).find((name) => known.includes(name));
}
