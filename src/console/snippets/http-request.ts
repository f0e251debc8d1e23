import { type DescMethod, fromJson, type JsonObject } from "@bufbuild/protobuf";
import { compileRequestExpander, httpBindingsOf } from "../../transcoding/client/index.ts";
import { keyOf } from "../ui/json/find-node.ts";
import { type JsonNode, parseJson } from "../ui/json/parse-json.ts";
import type { HttpRequest, RepeatableCall } from "./repeatable-call.ts";

const jsonType = ["Content-Type", "application/json"] as const;

/**
 * Returns the HTTP request of a call: as it was sent, else its message over REST or, for the RPC protocols, as Connect writes
 * it, so that violations have the same paths. Undefined if its message is not known.
 */
export function httpRequestOf(call: RepeatableCall): HttpRequest | undefined {
  const { method, message, protocol, sent } = call;
  if (sent !== undefined || method === undefined || message === undefined) {
    return sent;
  }
  return (protocol === "rest" ? restRequest(call) : undefined) ?? connectRequest(method, message);
}

/** Returns a remark on the protocol of a snippet that sends HTTP requests, if the call had another one; else empty. */
export function protocolRemark({ protocol }: RepeatableCall, program: string): string {
  return protocol === "grpc" || protocol === "grpc-web"
    ? `# ${program} does not speak gRPC. Over Connect, the message and the answer are the same.\n`
    : "";
}

/** Returns the Connect request of a message. */
export function connectRequest(method: DescMethod, message: string): HttpRequest {
  return {
    httpMethod: "POST",
    target: `/${method.parent.typeName}/${method.name}`,
    headers: [jsonType],
    body: message,
  };
}

/**
 * Returns the REST request of a message. Its body is a part of the text of the message. Undefined if REST cannot express it,
 * such as an empty user key in a path.
 */
export function restRequest({
  method,
  message,
}: Pick<RepeatableCall, "method" | "message">): HttpRequest | undefined {
  const binding = method && httpBindingsOf(method.parent).find((each) => each.method === method);
  const { root, errorAt } = parseJson(message ?? "");
  if (!binding || !root || errorAt !== undefined || message === undefined) {
    return undefined;
  }
  const { body: bodyField, template } = binding;
  const inPath = template.variables.map(({ fieldPath }) => fieldPath[0] as string);
  const fields = method.input.fields;
  const fieldOf = (node: JsonNode) => {
    const key = keyOf(message, node);
    return fields.find(({ name, jsonName }) => name === key || jsonName === key)?.name;
  };
  const isBody = (node: JsonNode) =>
    bodyField === "*" ? !inPath.includes(fieldOf(node) ?? "") : fieldOf(node) === bodyField;
  const bodyNodes = root.children.filter(isBody);
  const expanded = expand();
  if (!expanded || "problem" in expanded) {
    return undefined;
  }
  const { httpMethod, path, query } = expanded;
  const target = query === "" ? path : `${path}?${query}`;
  if (bodyField === "") {
    return { httpMethod, target, headers: [], body: undefined };
  }
  const [node] = bodyNodes;
  const body =
    bodyField === "*"
      ? `{${bodyNodes.map(({ keyStart, end }) => message.slice(keyStart, end)).join(",")}}`
      : message.slice(node?.start ?? 0, node?.end ?? 0);
  return body === "" ? undefined : { httpMethod, target, headers: [jsonType], body };

  /** Writes path and query. The body may be invalid, so it is left out. */
  function expand() {
    const members = root?.children.filter((child) => !isBody(child)) ?? [];
    const json = `{${members.map(({ keyStart, end }) => message?.slice(keyStart, end)).join(",")}}`;
    try {
      return (
        binding &&
        method &&
        compileRequestExpander(binding)(fromJson(method.input, JSON.parse(json) as JsonObject))
      );
    } catch {
      return undefined;
    }
  }
}
