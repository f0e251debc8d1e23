import { create, type DescField, type DescMessage, isFieldSet, type Message } from "@bufbuild/protobuf";
import { hasCustomJsonRepresentation } from "@bufbuild/protobuf/wkt";
import { compileBodyReader } from "../http/body-reader.ts";
import type { TemplateVariable } from "../http/path-template.ts";
import { decodeSegment, decodeSegments } from "../http/percent.ts";
import type { HttpBinding } from "../http/rules.ts";
import { assign, fieldValue, type OpenMessage, ownerOf } from "../json/assign.ts";
import { createReadingState, type ReadingOptions } from "../json/reading-state.ts";
import { textReader } from "../json/text-value.ts";
import { createViolationList, type Rejection, type ViolationList } from "../json/violations.ts";
import { type Query, readQuery } from "./query.ts";
import { compileQueryBinder } from "./query-binder.ts";

/** The parts of a request whose route is known. */
type BindInput = {
  /** Raw text of the template's variables, in the order of the template. */
  readonly captures: readonly string[];
  /** Raw query, without the `?`, or what `readQuery` returned for it. */
  readonly query: string | Query;
  /** The parsed body; undefined if it is missing or empty. */
  readonly body: unknown;
};

/** The request message, or all violations. `keys`: number of keys in the objects of the body. */
export type BindResult = { readonly message: Message; readonly keys: number } | Rejection;

export type RequestBinder = {
  bind(input: BindInput): BindResult;
  /** Decodes one field of the path, by proto name. Returns undefined if it is missing or cannot be decoded. */
  pathField(captures: readonly string[], name: string): string | undefined;
};

/** Compiles the binder of a binding, including all descriptor lookups. Throws if the rule does not fit the method. */
export function compileRequestBinder(binding: HttpBinding, options: ReadingOptions = {}): RequestBinder {
  const desc = binding.method.input;
  const readBody = compileBodyReader(binding, options);
  const variables = binding.template.variables.map((variable) => compileVariable(binding, variable));
  const ofBody = binding.body === "*" ? desc.fields.map((field) => field.name) : [binding.body];
  const taken = [...variables.map(({ name }) => name), ...ofBody];
  const bindQuery = compileQueryBinder(desc, taken);

  return {
    bind({ captures, query, body }) {
      const violations = createViolationList();
      const state = createReadingState(violations, options);
      const message = readBody(body, state) ?? (create(desc) as OpenMessage);
      for (const [index, variable] of variables.entries()) {
        variable.set(message, captures[index] ?? "", violations);
      }
      const { fields } = typeof query === "string" ? readQuery(query, violations) : query;
      if (fields.length > 0) {
        bindQuery(message, fields, violations);
      }
      return violations.rejection() ?? { message, keys: state.keys };
    },
    pathField(captures, name) {
      const index = variables.findIndex((variable) => variable.name === name);
      return variables[index]?.decode(captures[index] ?? "");
    },
  };
}

type Variable = {
  /** Path of proto names. */
  readonly name: string;
  /** The fields of that path. */
  readonly fields: readonly DescField[];
  decode(raw: string): string | undefined;
  set(message: OpenMessage, raw: string, violations: ViolationList): void;
};

function compileVariable(binding: HttpBinding, { fieldPath, multiSegment }: TemplateVariable): Variable {
  const name = fieldPath.join(".");
  const fail = (problem: string): never => {
    throw new Error(`${binding.method}: {${name}} in ${binding.template.source} ${problem}`);
  };
  const fields: DescField[] = [];
  let desc: DescMessage | undefined = binding.method.input;
  for (const part of fieldPath) {
    const field: DescField | undefined = desc?.fields.find((each) => each.name === part);
    fields.push(field ?? fail("is not a field of the request"));
    const inner: DescMessage | undefined = field?.fieldKind === "message" ? field.message : undefined;
    desc = inner && !hasCustomJsonRepresentation(inner) ? inner : undefined;
  }
  const leaf = fields.at(-1) ?? fail("is empty");
  const isPrimitive = leaf.fieldKind === "scalar" || leaf.fieldKind === "enum";
  const read =
    (isPrimitive ? textReader(leaf) : undefined) ?? fail("must be a singular field of a primitive type");
  const decode = multiSegment ? decodeSegments : decodeSegment;
  const shown = fields.map(({ jsonName }) => jsonName).join(".");
  return {
    name,
    fields,
    decode,
    set(message, raw, violations) {
      const text = decode(raw);
      if (text === undefined) {
        return violations.add(shown, "must be percent-encoded UTF-8 in the path");
      }
      const value = read(text);
      if ("expected" in value) {
        return violations.add(shown, value.expected);
      }
      const owner = ownerOf(message, fields, shown, violations);
      if (owner && !isFieldSet(owner, leaf)) {
        assign(owner, leaf, value.value, shown, violations);
      } else if (owner && !isSame(fieldValue(owner, leaf), value.value)) {
        violations.add(shown, "must be the same in the body as in the path");
      }
    },
  };
}

/** Throws if two variables set members of one oneof: no request could be valid, because every request has all variables. */
export function requireDistinctOneofs(binding: HttpBinding): void {
  const { method, template } = binding;
  const variables = template.variables.map((variable) => compileVariable(binding, variable));
  const members = new Map<string, { readonly field: DescField; readonly name: string }>();
  for (const { name, fields } of variables) {
    for (const [depth, field] of fields.entries()) {
      if (field.oneof === undefined) {
        continue;
      }
      const owner = fields.slice(0, depth).map((each) => each.name);
      const key = [...owner, field.oneof.name].join(".");
      const other = members.get(key);
      if (other !== undefined && other.field !== field) {
        throw new Error(
          `${method}: {${other.name}} and {${name}} in ${template.source} set members of the oneof ${key}, of which a message can have one`,
        );
      }
      members.set(key, { field, name });
    }
  }
}

function isSame(a: unknown, b: unknown): boolean {
  const bytes = a instanceof Uint8Array && b instanceof Uint8Array;
  return a === b || Object.is(a, b) || (bytes && Buffer.compare(a, b) === 0);
}
