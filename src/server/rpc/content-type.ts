import { isJson, parseQualities } from "../../transcoding/index.ts";

/** What the content type of a request tells. */
export type RpcContentType = {
  readonly protocol: "connect" | "grpc" | "grpc-web";
  /** Whether messages are JSON, otherwise binary. */
  readonly json: boolean;
  /** Whether it is that of a stream of Connect, whose unary calls have others. */
  readonly isStream: boolean;
  /** Whether the body is base64. */
  readonly isText: boolean;
  /** Whether the body of the answer is base64. */
  readonly answersText: boolean;
  /** Content type of the answer. */
  readonly answer: string;
};

const forms = [
  { prefix: "application/", protocol: "connect", isStream: false, isText: false },
  { prefix: "application/connect+", protocol: "connect", isStream: true, isText: false },
  { prefix: "application/grpc+", protocol: "grpc", isStream: false, isText: false },
  { prefix: "application/grpc-web+", protocol: "grpc-web", isStream: false, isText: false },
  { prefix: "application/grpc-web-text+", protocol: "grpc-web", isStream: false, isText: true },
] as const;

const known = new Map<string, RpcContentType>();
for (const { prefix, ...form } of forms) {
  for (const format of ["proto", "json"]) {
    const type = { ...form, json: format === "json", answersText: form.isText, answer: prefix + format };
    known.set(prefix + format, type);
    if (format === "proto" && form.protocol !== "connect") {
      // Binary is the default of gRPC and gRPC-Web.
      known.set(prefix.slice(0, -1), type);
    }
  }
}

/**
 * Returns what a content type tells; undefined for one of no protocol. JSON may have the parameters that REST accepts, and so
 * may text, to which some clients add a charset.
 */
export function parseContentType(header = ""): RpcContentType | undefined {
  const usual = known.get(header);
  if (usual !== undefined) {
    return usual;
  }
  const [name = "", ...parameters] = header.split(";");
  const type = known.get(name.trim().toLowerCase());
  const isAccepted =
    parameters.length === 0 ||
    ((type?.json || type?.isText) && isJson(["application/json", ...parameters].join(";")));
  return isAccepted ? type : undefined;
}

/**
 * Returns a type with the answer that its caller prefers, of the two forms of gRPC-Web: clients that cannot read binary say so
 * by Accept. An Accept that prefers neither leaves the form of the request.
 *
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md, "Text-encoded (response) streams"
 */
export function withPreferredAnswer(type: RpcContentType, accept: string | undefined): RpcContentType {
  if (type.protocol !== "grpc-web" || accept === undefined || !/\/grpc-web/i.test(accept)) {
    return type;
  }
  let [text, binary] = [0, 0];
  for (const [name, quality] of parseQualities(accept)) {
    const accepted = known.get(name);
    if (accepted?.protocol === "grpc-web") {
      text = accepted.isText ? Math.max(text, quality) : text;
      binary = accepted.isText ? binary : Math.max(binary, quality);
    }
  }
  if (text === binary || text > binary === type.isText) {
    return type;
  }
  const prefix = type.isText ? "application/grpc-web+" : "application/grpc-web-text+";
  return { ...type, answersText: !type.isText, answer: prefix + (type.json ? "json" : "proto") };
}

/** Whether a content type begins like those of gRPC and gRPC-Web, also if the rest is unknown. */
export function isGrpc(contentType = ""): boolean {
  return /^application\/grpc/i.test(contentType);
}

/** The content types of a kind of method, for messages. */
export function acceptedTypes(isStream: boolean): string {
  const types = [...known].filter(([, type]) => type.protocol !== "connect" || type.isStream === isStream);
  return types.map(([name]) => name).join(", ");
}
