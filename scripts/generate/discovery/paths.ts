import type { DescField } from "@bufbuild/protobuf";
import { encodeSegment, type HttpBinding } from "../../../src/transcoding/index.ts";
import { fieldAt } from "../describe/fields.ts";

/** A variable of a path. */
export type PathVariable = {
  readonly field: DescField;
  /** Field path in JSON names: `parent`, `book.name`. */
  readonly name: string;
  /** Pattern of a value of several segments: `^operators/[^/]+$`. */
  readonly pattern: string | undefined;
};

/** The path of a binding in a Discovery document, without its leading slash. */
export type MethodPath = {
  /** A template of RFC 6570: `v1/{+parent}/users/{userKey}`. */
  readonly path: string;
  /** The same with a variable for each segment: `v1/operators/{operatorsId}/users/{userKey}`. */
  readonly flatPath: string;
  readonly variables: readonly PathVariable[];
  /** The literal segments after the version: `operators`, `users`. */
  readonly collections: readonly string[];
};

/** Describes the path of a binding. Throws if it has a wildcard outside of its variables. */
export function methodPath({ method, template }: HttpBinding, version: string): MethodPath {
  const { segments } = template;
  const path: string[] = [];
  const flat: string[] = [];
  const collections: string[] = [];
  const variables: PathVariable[] = [];
  const taken = new Set<string>();
  const unique = (name: string): string => {
    let candidate = name;
    for (let number = 1; taken.has(candidate); number++) {
      candidate = `${name}${number}`;
    }
    taken.add(candidate);
    return candidate;
  };
  let at = 0;
  while (at < segments.length) {
    const variable = template.variables.find(({ start }) => start === at);
    const own = segments.slice(at, variable?.end ?? at + 1);
    for (const [offset, segment] of own.entries()) {
      if (segment.kind !== "literal") {
        continue;
      }
      if (at + offset > 0 || segment.text !== version) {
        collections.push(segment.text);
      }
    }
    if (variable === undefined) {
      const [segment] = own;
      if (segment?.kind !== "literal") {
        throw new Error(`${method}: ${template.source} has a wildcard without a variable`);
      }
      path.push(encodeSegment(segment.text));
      flat.push(encodeSegment(segment.text));
    } else {
      const fields = variable.fieldPath.map((_, index) =>
        fieldAt(method.input, variable.fieldPath.slice(0, index + 1).join(".")),
      );
      const name = fields.map(({ jsonName }) => jsonName).join(".");
      const isWhole = own.length === 1;
      path.push(variable.multiSegment ? `{+${name}}` : `{${name}}`);
      for (const [index, segment] of own.entries()) {
        const before = own[index - 1];
        if (segment.kind === "literal") {
          flat.push(encodeSegment(segment.text));
        } else {
          flat.push(`{${unique(isWhole || before?.kind !== "literal" ? name : `${before.text}Id`)}}`);
        }
      }
      variables.push({
        field: fields.at(-1) as DescField,
        name,
        pattern: variable.multiSegment ? `^${own.map(patternOf).join("/")}$` : undefined,
      });
    }
    at += own.length;
  }
  const verb = template.verb === undefined ? "" : `:${encodeSegment(template.verb)}`;
  return { path: path.join("/") + verb, flatPath: flat.join("/") + verb, variables, collections };
}

function patternOf(segment: HttpBinding["template"]["segments"][number]): string {
  if (segment.kind === "literal") {
    return segment.text.replaceAll(/[^\w-]/g, "\\$&");
  }
  return segment.kind === "*" ? "[^/]+" : ".*";
}
