import { readFileSync } from "node:fs";
import {
  create,
  type DescField,
  type DescMessage,
  type DescMethodUnary,
  type DescService,
} from "@bufbuild/protobuf";
import { type HttpRule, HttpRuleSchema } from "#deps/google/api/http_pb.js";
import { bindingsOfRule, type HttpBinding } from "../../src/transcoding/http-rules.ts";
import { compile } from "../scripts/openapi/compile.ts";

const fileName = "library/v1/library.proto";
const source = readFileSync(new URL("./library.proto", import.meta.url), "utf8");

/** The compiled library.proto. */
export const libraryFile = fileOf(compile({ [fileName]: source }).files);

function fileOf<T>([file]: readonly T[]): T {
  return found(file, fileName);
}

/** Answers what was looked for; a test with a wrong name says so instead of failing elsewhere. */
export function found<T>(value: T | undefined, name: string): T {
  if (value === undefined) {
    throw new Error(`there is no ${name}`);
  }
  return value;
}

/** The service library.v1.Library. */
export const library: DescService = found(libraryFile.services[0], "service");

/** Returns a message of library.proto. */
export function messageOf(name: string): DescMessage {
  return found(
    libraryFile.messages.find((each) => each.name === name),
    name,
  );
}

/** The message with a field of every kind. */
export const everything = messageOf("Everything");

/** Returns a field of Everything. */
export function fieldOf(name: string): DescField {
  return found(
    everything.fields.find((each) => each.name === name),
    name,
  );
}

/** Returns a method of the service. */
export function methodOf(name: string): DescMethodUnary<DescMessage, DescMessage> {
  const method = found(
    library.methods.find((each) => each.name === name),
    name,
  );
  return method as DescMethodUnary<DescMessage, DescMessage>;
}

/** Returns the bindings that a rule gives a method; Echo unless another is named. */
export function bindingsFor(rule: HttpRule, methodName = "Echo"): HttpBinding[] {
  return bindingsOfRule(methodOf(methodName), rule);
}

/** Returns the binding of a rule without additional ones. */
export function bindingFor(rule: HttpRule, methodName = "Echo"): HttpBinding {
  return found(bindingsFor(rule, methodName)[0], "binding");
}

/** Writes a rule short: `get("/v1/x")`, `post("/v1/x", "*")`. */
export function get(path: string): HttpRule {
  return create(HttpRuleSchema, { pattern: { case: "get", value: path } });
}

export function post(path: string, body = ""): HttpRule {
  return create(HttpRuleSchema, { pattern: { case: "post", value: path }, body });
}

export function custom(kind: string, path: string, body = ""): HttpRule {
  return create(HttpRuleSchema, { pattern: { case: "custom", value: { kind, path } }, body });
}
