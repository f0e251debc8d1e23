import { create, type DescField, type DescMessage, type Message } from "@bufbuild/protobuf";
import type { HttpBinding } from "./http-rules.ts";
import {
  assign,
  createReadingState,
  fieldReader,
  messageReader,
  type OpenMessage,
  type ReadingState,
} from "./json-reader.ts";
import { decodeSegment, decodeSegments } from "./percent.ts";
import { compileQueryBinder } from "./query-binder.ts";
import { type TextReader, textReader } from "./text-value.ts";
import { createViolationList, type FieldViolation, type ViolationList } from "./violations.ts";

/** What a request carries, after a route was found for it. */
export type BindInput = {
  /** Raw text of the template's variables, in its order. */
  readonly captures: readonly string[];
  /** Raw query, without the `?`. */
  readonly query: string;
  /** The parsed body; undefined when the request has none, or an empty one. */
  readonly body: unknown;
};

/** The request message, or everything that is wrong with the request. `keys` counts the keys of its objects. */
export type BindResult =
  | { readonly message: Message; readonly keys: number }
  | { readonly violations: readonly FieldViolation[] };

/** Turns requests for one binding into messages. */
export type RequestBinder = {
  bind(input: BindInput): BindResult;
  /** Decodes only what the path says, by proto name; undefined for what cannot be decoded. */
  pathFields(captures: readonly string[]): ReadonlyMap<string, string | undefined>;
};

export type BindOptions = {
  /** Skip unknown fields of the body instead of refusing them. Defaults to false. */
  readonly ignoreUnknownFields?: boolean;
};

/** Compiles the binder of a binding: all look-ups in descriptors happen here. Throws if the rule does not fit. */
export function compileRequestBinder(binding: HttpBinding, options: BindOptions = {}): RequestBinder {
  const desc = binding.method.input;
  const readBody = compileBody(binding);
  const variables = binding.template.variables.map(({ fieldPath, multiSegment }) =>
    compileVariable(binding, fieldPath, multiSegment),
  );
  const bodyField = binding.body === "*" ? [] : [binding.body].filter((name) => name !== "");
  const taken = [...variables.map(({ name }) => name), ...bodyField];
  const bindQuery = compileQueryBinder(desc, taken);

  return {
    bind({ captures, query, body }) {
      const violations = createViolationList();
      const state = createReadingState(violations, options.ignoreUnknownFields ?? false);
      const message = readBody(body, state) ?? (create(desc) as OpenMessage);
      for (const [index, variable] of variables.entries()) {
        variable.set(message, captures[index] ?? "", violations);
      }
      if (query !== "") {
        bindQuery(message, query, violations);
      }
      return violations.found.length > 0 ? { violations: violations.found } : { message, keys: state.keys };
    },
    pathFields: (captures) =>
      new Map(variables.map(({ name, decode }, index) => [name, decode(captures[index] ?? "")])),
  };
}

type BodyReader = (body: unknown, state: ReadingState) => OpenMessage | undefined;

function compileBody({ method, body: rule }: HttpBinding): BodyReader {
  if (rule === "") {
    return (body, { violations }) => {
      if (body !== undefined) {
        violations.add("body", "must be empty: this method takes no body");
      }
      return undefined;
    };
  }
  if (rule === "*") {
    const read = messageReader(method.input);
    return (body, state) => read(body === undefined ? {} : body, "", state) as OpenMessage | undefined;
  }
  const field = method.input.fields.find(({ name }) => name === rule);
  if (field === undefined) {
    throw new Error(
      `${method}: its google.api.http rule has the body "${rule}", which is no field of the request`,
    );
  }
  const read = fieldReader(field);
  return (body, state) => {
    const message = create(method.input) as OpenMessage;
    if (body === null) {
      state.violations.add(field.jsonName, "must be an object, not null");
    } else {
      // The caller's document is the field itself, so its paths begin inside.
      read(message, body ?? (field.fieldKind === "message" ? {} : null), "", state);
    }
    return message;
  };
}

type Variable = {
  /** Path of proto names. */
  readonly name: string;
  decode(raw: string): string | undefined;
  set(message: OpenMessage, raw: string, violations: ViolationList): void;
};

function compileVariable(
  binding: HttpBinding,
  fieldPath: readonly string[],
  multiSegment: boolean,
): Variable {
  const name = fieldPath.join(".");
  const fail = (fault: string): never => {
    throw new Error(`${binding.method}: {${name}} in ${binding.template.source} ${fault}`);
  };
  const fields: DescField[] = [];
  let desc: DescMessage | undefined = binding.method.input;
  for (const part of fieldPath) {
    const field: DescField | undefined = desc?.fields.find((each) => each.name === part);
    fields.push(field ?? fail("names no field of the request"));
    desc = field?.fieldKind === "message" ? field.message : undefined;
  }
  const leaf = fields.at(-1) ?? fail("is empty");
  if (leaf.fieldKind !== "scalar" && leaf.fieldKind !== "enum") {
    fail("must be a singular field of a primitive type");
  }
  const read: TextReader = textReader(leaf) ?? fail("must be a singular field of a primitive type");
  const decode = multiSegment ? decodeSegments : decodeSegment;
  const shown = fields.map(({ jsonName }) => jsonName).join(".");
  return {
    name,
    decode,
    set(message, raw, violations) {
      const text = decode(raw);
      if (text === undefined) {
        violations.add(shown, "must be percent-encoded UTF-8 in the path");
        return;
      }
      const value = read(text);
      if ("expected" in value) {
        violations.add(shown, value.expected);
        return;
      }
      let owner = message;
      for (const field of fields.slice(0, -1)) {
        owner = childOf(owner, field);
      }
      if (disagrees(owner, leaf, value.value)) {
        violations.add(shown, "must be the same in the body as in the path");
        return;
      }
      if (
        leaf.oneof === undefined ||
        (owner[leaf.oneof.localName] as { case?: string }).case !== leaf.localName
      ) {
        assign(owner, leaf, value.value, shown, violations);
      }
    },
  };
}

function childOf(owner: OpenMessage, field: DescField): OpenMessage {
  const existing =
    field.oneof === undefined
      ? owner[field.localName]
      : (owner[field.oneof.localName] as { case?: string; value?: unknown }).case === field.localName
        ? (owner[field.oneof.localName] as { value?: unknown }).value
        : undefined;
  if (existing !== undefined) {
    return existing as OpenMessage;
  }
  const child = create(field.message as DescMessage) as OpenMessage;
  if (field.oneof === undefined) {
    owner[field.localName] = child;
  } else {
    owner[field.oneof.localName] = { case: field.localName, value: child };
  }
  return child;
}

/** Whether the body already gave the field another value than the path does. */
function disagrees(owner: OpenMessage, field: DescField, value: unknown): boolean {
  if (field.oneof !== undefined) {
    const set = owner[field.oneof.localName] as { case?: string; value?: unknown };
    return set.case === field.localName && set.value !== value;
  }
  const set = Object.hasOwn(owner, field.localName) ? owner[field.localName] : undefined;
  const unset = set === undefined || set === "" || set === 0 || set === 0n || set === false;
  return !unset && set !== value;
}
