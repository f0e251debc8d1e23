import type { Answer } from "./answer.ts";
import { encodingHeadersOf, isFramed } from "./draft.ts";
import { type ErrorShape, hasShape, headerOf, rejection } from "./rejection.ts";
import type { Case } from "./requests.ts";
import type { Fields } from "./send.ts";

/** A way in which this project answers unlike connect-node, on purpose. */
export type KnownDifference = {
  readonly reason: string;
  /**
   * Returns the answer of connect-node with this difference, if the difference applies to the request and both answers;
   * otherwise undefined.
   */
  readonly expected: (theirs: Answer, ours: Answer, each: Case) => Answer | undefined;
};

/** An error that this project answers, whatever connect-node answers. */
function error(reason: string, odd: readonly string[], ...shapes: readonly ErrorShape[]): KnownDifference {
  return {
    reason,
    expected(theirs, ours, each) {
      const applies = theirs.other === undefined && odd.some((name) => each.odd.has(name));
      return applies && ours.error !== undefined && shapes.some((shape) => hasShape(ours.error, shape))
        ? rejection(each, ours.error)
        : undefined;
    },
  };
}

const malformed = { code: "InvalidArgument", reason: "REQUEST_MALFORMED" };

const errors: readonly KnownDifference[] = [
  error(
    "malformed messages are INVALID_ARGUMENT, with paths and a reason",
    [
      "empty message",
      "JSON that does not parse",
      "JSON that is no object",
      "JSON that is not UTF-8",
      "JSON with a byte order mark",
      "JSON field of the wrong type",
      "duplicate JSON key",
      "JSON value that would change",
      "binary that does not parse",
      "binary field of the wrong wire type",
      "binary text that is not UTF-8",
      "content type of the other codec",
      "malformed query",
      "base64 of a GET",
    ],
    malformed,
    { code: "InvalidArgument", reason: "FIELD_INVALID" },
  ),
  error(
    "a body that does not decompress is INVALID_ARGUMENT, with a reason",
    ["falsely compressed", "garbage after what is compressed"],
    malformed,
  ),
  error(
    "a body that ends within a frame is INVALID_ARGUMENT, with a reason",
    ["body that ends within a frame"],
    malformed,
  ),
  error(
    "messages that are too large have a reason and the limit",
    ["message that is too large", "frame that claims to be too large", "compression bomb"],
    { code: "ResourceExhausted", reason: "REQUEST_TOO_LARGE" },
  ),
  error("malformed timeouts have a reason", ["malformed timeout"], malformed),
  error("all timeout headers are read on every protocol", ["timeout header of another protocol"], malformed, {
    code: "DeadlineExceeded",
    reason: "DEADLINE_PASSED",
  }),
  error("a call whose deadline has passed has no effect", ["timeout that has passed"], {
    code: "DeadlineExceeded",
    reason: "DEADLINE_PASSED",
  }),
  error(
    "another version of the Connect protocol is rejected",
    ["version of the Connect protocol"],
    malformed,
  ),
  error(
    "requests that break the rules of a protocol have errors in other words",
    ["several messages", "no message", "flag of a frame of trailers"],
    {
      code: "Unimplemented",
      message: /^the request has (several messages|no message), but the method takes one$/,
    },
  ),
  error("the frame of trailers must be the last one", ["flag of a frame of trailers"], malformed),
  error("unknown flags of frames are INTERNAL", ["unknown flags", "flag of a frame of trailers"], {
    code: "Internal",
    message: /^body has a frame with the unknown flags \d+: /,
  }),
  error(
    "a compressed frame without an encoding has an error in other words",
    [
      "compressed frame without a header",
      "empty encoding",
      "identity",
      "flag of a frame of trailers",
      "unknown flags",
    ],
    { code: "Internal", message: /^body is marked as compressed, but no header names its encoding$/ },
  ),
  {
    reason: "an unknown encoding is answered with the known ones in a header, as the protocols say",
    expected(theirs, ours, each) {
      const { encoding, accept } = encodingHeadersOf(each.base.protocol);
      if (
        ours.error?.message !== `${encoding} must be one of gzip, br, identity` ||
        theirs.other !== undefined
      ) {
        return undefined;
      }
      const expected = rejection(each, ours.error);
      return { ...expected, headers: { ...expected.headers, [accept]: ["gzip,br"] } };
    },
  },
];

/** An implementation that gives up when its call is aborted. */
const deadlines: readonly KnownDifference[] = [
  {
    reason:
      "a deadline is answered with a reason, and it is random whether the implementation was called before",
    expected(theirs, ours, each) {
      if (!each.odd.has("implementation that waits longer than the timeout") || theirs.error === undefined) {
        return undefined;
      }
      const { error } = ours;
      const shapes = [
        { code: "DeadlineExceeded", reason: "DEADLINE_PASSED" },
        { code: "DeadlineExceeded", message: /^the operation timed out$/ },
      ];
      return error !== undefined && shapes.some((shape) => hasShape(error, shape))
        ? { ...rejection(each, error), calls: ours.calls }
        : undefined;
    },
  },
  {
    reason: "a timeout that is too long for timers is the longest that they can have",
    expected: (theirs, _, each) =>
      each.odd.has("timeout longer than timers") && theirs.call !== undefined
        ? { ...theirs, call: { ...theirs.call, minutesLeft: "35792" } }
        : undefined,
  },
  {
    reason: "the timeout headers of all protocols count",
    expected: (theirs, _, each) =>
      each.odd.has("timeout header of another protocol") && theirs.call !== undefined
        ? { ...theirs, call: { ...theirs.call, minutesLeft: "60" } }
        : undefined,
  },
];

const unknownMethods: readonly KnownDifference[] = [
  {
    reason: "an unknown method has a status of gRPC if the request is gRPC",
    expected({ other: _, headers: { "transfer-encoding": coding, ...headers }, ...theirs }, __, each) {
      const type = headerOf(each.sent, "content-type") ?? "";
      const isGrpc = type.toLowerCase().startsWith("application/grpc");
      return each.odd.has("unknown method") && theirs.status === 404 && isGrpc
        ? {
            ...theirs,
            status: 200,
            headers: { ...headers, "content-type": [type] },
            hasLength: coding !== undefined,
            flags: [],
            statusIn: "headers",
            error: {
              code: "Unimplemented",
              message: "unknown method: names of services and methods are case-sensitive",
              details: [],
            },
          }
        : undefined;
    },
  },
  {
    reason: "REST answers all other paths",
    expected: ({ headers: { "transfer-encoding": _, ...headers }, ...theirs }, ours, each) =>
      each.odd.has("unknown method") && theirs.status === 404 && ours.other?.startsWith(notFound)
        ? {
            ...theirs,
            hasLength: true,
            headers: {
              ...headers,
              "content-type": ["application/json; charset=utf-8"],
              vary: ["accept, accept-encoding"],
              "x-content-type-options": ["nosniff"],
            },
            other: ours.other,
          }
        : undefined,
  },
];

const notFound = Buffer.from('{"error":{"code":404,"message":"no m').toString("base64");

const http: readonly KnownDifference[] = [
  {
    reason: "idle connections are kept for as long as the limits say",
    expected: ({ headers, ...theirs }) =>
      headers["keep-alive"] && { ...theirs, headers: { ...headers, "keep-alive": ["timeout=65"] } },
  },
  {
    reason: "values do not end with a space, for which clients of HTTP/2 drop connect-node's",
    expected(theirs, ours, each) {
      const dropped = (mine: Fields, yours: Fields) =>
        Object.entries(mine).filter(([name, [value = ""]]) => value.endsWith(",") && !(name in yours));
      return each.base.version === "HTTP/2"
        ? {
            ...theirs,
            headers: { ...theirs.headers, ...Object.fromEntries(dropped(ours.headers, theirs.headers)) },
            trailers: { ...theirs.trailers, ...Object.fromEntries(dropped(ours.trailers, theirs.trailers)) },
          }
        : undefined;
    },
  },
];

const grpc: readonly KnownDifference[] = [
  {
    reason: "gRPC errors without a message and without headers of the implementation are Trailers-Only",
    expected(theirs) {
      const own = Object.keys(theirs.headers).filter((name) => !transportHeaders.has(name));
      if (theirs.statusIn !== "trailers" || theirs.error === undefined || own.length > 0) {
        return undefined;
      }
      const { "transfer-encoding": coding, ...headers } = theirs.headers;
      return {
        ...theirs,
        headers: { ...headers, ...theirs.trailers },
        trailers: {},
        statusIn: "headers",
        hasLength: coding !== undefined,
      };
    },
  },
];

/** Headers of an answer over HTTP/1.1 or gRPC that are not those of an implementation. */
const transportHeaders = new Set([
  "content-type",
  "grpc-encoding",
  "grpc-accept-encoding",
  "connection",
  "keep-alive",
  "transfer-encoding",
]);

const notServed: readonly KnownDifference[] = [
  {
    reason: "an HTTP method that a path does not allow is answered with those that it allows",
    expected: (theirs, ours, each) =>
      theirs.status === 405
        ? refusal(theirs, ours, each, /^this path allows POST(, GET)?, not [A-Z]+$/)
        : undefined,
  },
  {
    reason: "an unknown content type is answered with the known ones",
    expected: (theirs, ours, each) =>
      theirs.status === 415
        ? refusal(
            theirs,
            ours,
            each,
            /^the (content type must be one of application\/proto, .+|query parameter encoding must be json or proto)$/,
          )
        : undefined,
  },
];

/** Returns the answer to a request that is not of any protocol, with a text in its body. */
function refusal(
  { headers: { "transfer-encoding": _, ...headers }, ...theirs }: Answer,
  ours: Answer,
  { base, sent }: Case,
  text: RegExp,
): Answer | undefined {
  const body = Buffer.from(ours.other ?? "", "base64").toString();
  if (sent.method !== "HEAD" && !text.test(body)) {
    return undefined;
  }
  const allow = base.procedure === "Read" ? "POST, GET" : "POST";
  return {
    ...theirs,
    headers: {
      ...headers,
      "content-type": ["text/plain; charset=utf-8"],
      ...(theirs.status === 405 && { allow: [allow] }),
    },
    ...(sent.method !== "HEAD" && { other: ours.other }),
    hasLength: true,
  };
}

/** Answers of implementations. */
const answers: readonly KnownDifference[] = [
  {
    reason: "the encoding of gRPC messages is named if a message is compressed",
    expected({ headers: { "grpc-encoding": encoding, ...headers }, ...theirs }) {
      const isCompressed = theirs.flags?.some((flags) => flags === 1);
      return encoding && !isCompressed ? { ...theirs, headers } : undefined;
    },
  },
  {
    reason: "answers of gRPC-Web tell their length",
    expected: ({ headers: { "transfer-encoding": _, ...headers }, ...theirs }, __, each) =>
      each.base.protocol === "gRPC-Web" && theirs.statusIn === "frame"
        ? { ...theirs, headers, hasLength: true }
        : undefined,
  },
  {
    reason: "cookies among the trailers of Connect are not joined",
    expected(theirs) {
      const cookies = theirs.headers["trailer-set-cookie"]?.flatMap((value) => value.split(", "));
      return cookies && { ...theirs, headers: { ...theirs.headers, "trailer-set-cookie": cookies } };
    },
  },
];

/** Last, because it compares the headers of both. */
const failures: readonly KnownDifference[] = [
  {
    reason: "unexpected errors are hidden from the caller, with their metadata",
    expected(theirs, ours, each) {
      const isUnexpected = theirs.error?.code === "Internal" || theirs.error?.code === "Unknown";
      return isUnexpected && theirs.calls === 1 && hasShape(ours.error, serverFailure)
        ? {
            ...theirs,
            ...(!isFramed(each.base) && { status: 500 }),
            headers: commonFields(theirs.headers, ours.headers),
            trailers: commonFields(theirs.trailers, ours.trailers),
            error: ours.error,
          }
        : undefined;
    },
  },
];

const serverFailure = { code: "Internal", reason: "SERVER_FAILURE", message: /^the server failed$/ };

/** Returns fields without the values at their ends that others do not have. */
function commonFields(fields: Fields, others: Fields): Fields {
  const common = Object.entries(fields).flatMap(([name, values]) => {
    const kept = others[name] ?? [];
    const isBeginning = kept.every((value, index) => values[index]?.startsWith(value));
    return kept.length === 0 ? [] : [[name, isBeginning ? kept : values]];
  });
  return Object.fromEntries(common);
}

/** The known differences, in the order in which they are applied. Each must change the answer to some request. */
export const knownDifferences: readonly KnownDifference[] = [
  ...errors,
  ...deadlines,
  ...unknownMethods,
  ...notServed,
  ...answers,
  ...grpc,
  ...http,
  ...failures,
];
