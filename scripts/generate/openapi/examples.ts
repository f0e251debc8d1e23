import type { DescMessage } from "@bufbuild/protobuf";
import { descriptionOf } from "../describe/description.ts";
import type { Json, JsonObject } from "../describe/json.ts";
import type { HttpBinding } from "./http-bindings.ts";
import type { PathTemplate } from "./path-template.ts";
import { asObject } from "./validation-rules.ts";

/** The example of a call that the comment of its RPC has: `GET /v1/books/a`, or `POST …` with a JSON body below it. */
export type CallExample = {
  /** Values of path and query parameters by name, decoded. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly body: JsonObject | undefined;
};

/**
 * Returns the example of a binding; undefined if the comment has none, or one for another binding of the RPC. Throws if
 * its body is not JSON.
 */
export function callExampleOf(
  { rpc, httpMethod }: HttpBinding,
  { path }: PathTemplate,
): CallExample | undefined {
  const block = /^Example:\n\n {4}([A-Z]+) (\S+)\n*((?: {4}.*\n?|\n)*)/m.exec(descriptionOf(rpc) ?? "");
  const [, method, target = "", text = ""] = block ?? [];
  if (method?.toLowerCase() !== httpMethod) {
    return undefined;
  }
  const [pathname = "", query] = target.split("?");
  const names = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name = ""]) => name);
  const shape = path.split(/\{[^}]+\}/).map((literal) => literal.replaceAll(/[^\w/-]/g, "\\$&"));
  const values = new RegExp(`^${shape.join("([^/]+)")}$`).exec(pathname)?.slice(1);
  if (values === undefined) {
    return undefined;
  }
  const body = asObject(text.trim() === "" ? undefined : (JSON.parse(text) as Json));
  return {
    parameters: new Map([
      ...names.map((name, index) => [name, decodeURIComponent(values[index] ?? "")] as const),
      ...new URLSearchParams(query),
    ]),
    body,
  };
}

/** A binding with its path and the example in the comment of its RPC. */
export type Route = {
  readonly binding: HttpBinding;
  readonly template: PathTemplate;
  readonly example: CallExample | undefined;
};

/** Returns the example of a response: of a message that an example pushes, with the fields that the server adds. */
export type ResponseExamples = (output: DescMessage) => JsonObject | undefined;

/**
 * Collects the messages that examples push, by type. Reads of a type return the message that the first example pushes.
 *
 * @param outputFields - Examples of output-only fields by full name, in the order of the fields.
 */
export function createResponseExamples(
  routes: readonly Route[],
  outputFields: Readonly<Record<string, Json>>,
): ResponseExamples {
  return (output) => {
    for (const { binding, example } of routes) {
      const pushed = example?.body && resourceIn(example.body, binding, output);
      if (pushed !== undefined) {
        const added = output.fields.flatMap((field) => {
          const value = outputFields[`${output.typeName}.${field.name}`];
          return value === undefined ? [] : [[field.jsonName, value] as const];
        });
        return { ...Object.fromEntries(added), ...pushed };
      }
    }
    return undefined;
  };
}

/** Returns the message of a type in the body of a call. */
function resourceIn(
  body: JsonObject,
  { rpc: { input }, rule }: HttpBinding,
  type: DescMessage,
): JsonObject | undefined {
  const field = input.fields.find(({ message }) => message?.typeName === type.typeName);
  if (field === undefined) {
    return undefined;
  }
  return rule.body === "*" ? asObject(body[field.jsonName]) : field.name === rule.body ? body : undefined;
}

/** Returns the earliest time in the examples, which a server that serves the document replaces by the current time. */
export function exampleTimeOf(routes: readonly Route[]): string | undefined {
  const text = JSON.stringify(routes.map(({ example }) => example?.body ?? null));
  return text.match(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g)?.toSorted()[0];
}
