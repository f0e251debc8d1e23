import type { DescField, DescMessage, JsonObject } from "@bufbuild/protobuf";
import { scalarZeroValue } from "@bufbuild/protobuf/reflect";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import type { TemplateSegment, TemplateVariable } from "../http/path-template.ts";
import { encodeSegment } from "../http/percent.ts";
import type { HttpBinding } from "../http/rules.ts";

/** The reason why a message does not fit a binding. */
export type ExpandProblem = { readonly problem: string };

/** Removes the fields of the path from the JSON of a request and returns the path, percent-encoded. */
type PathWriter = (json: JsonObject) => string | ExpandProblem;

type Variable = {
  readonly name: string;
  /** JSON names of the fields that lead to this one, outermost first. */
  readonly parents: readonly string[];
  readonly jsonName: string;
  /** Text in the path if the JSON does not have the field. */
  readonly zero: string | undefined;
  readonly multiSegment: boolean;
  readonly wanted: readonly TemplateSegment[];
};

/** Compiles the writer of a binding's paths. Throws if the template does not fit the request message. */
export function compilePathWriter({ method, template }: HttpBinding): PathWriter {
  const variables = template.variables.map((variable) => ({
    ...variable,
    ...compileVariable(method.input, variable, template.segments, `${method}`),
  }));
  const pieces: (string | Variable)[] = [];
  let wildcard = false;
  for (let index = 0; index < template.segments.length; index++) {
    const variable = variables.find(({ start }) => start === index);
    const segment = template.segments[index];
    if (variable !== undefined) {
      pieces.push(variable);
      index = variable.end - 1;
    } else if (segment?.kind === "literal") {
      pieces.push(encodeSegment(segment.text));
    } else {
      wildcard ||= segment?.kind === "*";
    }
  }
  const verb = template.verb === undefined ? "" : `:${encodeSegment(template.verb)}`;

  return function writePath(json) {
    if (wildcard) {
      return { problem: `${template.source} has a * that no field of the request fills` };
    }
    const written: string[] = [];
    for (const piece of pieces) {
      if (typeof piece === "string") {
        written.push(piece);
        continue;
      }
      const text = takeText(json, piece);
      const problem = problemOf(text, piece);
      if (problem !== undefined) {
        return { problem: `${piece.name} ${problem}` };
      }
      const parts = piece.multiSegment ? (text ?? "").split("/") : [text ?? ""];
      written.push(...parts.map(encodeSegment));
    }
    return `/${written.join("/")}${verb}`;
  };
}

function compileVariable(
  input: DescMessage,
  { fieldPath, start, end, multiSegment }: TemplateVariable,
  segments: readonly TemplateSegment[],
  method: string,
): Variable {
  const name = fieldPath.join(".");
  const parents: string[] = [];
  let desc: DescMessage | undefined = input;
  let field: DescField | undefined;
  for (const each of fieldPath) {
    if (field !== undefined) {
      parents.push(field.jsonName);
    }
    field = desc?.fields.find((candidate) => candidate.name === each);
    desc = field?.fieldKind === "message" ? field.message : undefined;
  }
  if (field?.fieldKind !== "scalar" && field?.fieldKind !== "enum") {
    throw new Error(`${method}: {${name}} must be a singular field of a primitive type`);
  }
  const wanted = segments.slice(start, end);
  return { name, parents, jsonName: field.jsonName, zero: zeroText(field), multiSegment, wanted };
}

/** Returns the zero of a field without presence, which JSON omits. "" is not allowed in a path. */
function zeroText(field: DescField): string | undefined {
  if (field.presence !== FeatureSet_FieldPresence.IMPLICIT) {
    return undefined;
  }
  return field.scalar === undefined
    ? field.enum?.values[0]?.name
    : String(scalarZeroValue(field.scalar, false)) || undefined;
}

/** Removes a field from the JSON and returns its text. */
function takeText(json: JsonObject, { parents, jsonName, zero }: Variable): string | undefined {
  let holder = json;
  for (const parent of parents) {
    // Own properties only, because a field may be named like a property of every object (`constructor`).
    if (!Object.hasOwn(holder, parent)) {
      return undefined;
    }
    holder = holder[parent] as JsonObject;
  }
  if (!Object.hasOwn(holder, jsonName)) {
    return zero;
  }
  const text = String(holder[jsonName]);
  delete holder[jsonName];
  return text;
}

function problemOf(text: string | undefined, { multiSegment, wanted }: Variable): string | undefined {
  if (text === undefined || text === "") {
    return "is part of the path and must not be empty";
  }
  if (!text.isWellFormed()) {
    return "must be valid Unicode: it has an unpaired surrogate";
  }
  const parts = multiSegment ? text.split("/") : [text];
  if (parts.some((part) => part === "." || part === ".." || part === "")) {
    return "is part of the path and must not have an empty segment, . or ..";
  }
  if (fits(wanted, parts)) {
    return undefined;
  }
  const shape = wanted.map((segment) => (segment.kind === "literal" ? segment.text : segment.kind));
  return `must have the form ${shape.join("/")}`;
}

function fits(wanted: readonly TemplateSegment[], parts: readonly string[]): boolean {
  const open = wanted.findIndex(({ kind }) => kind === "**");
  if (open === -1) {
    return parts.length === wanted.length && isAt(wanted, parts, 0);
  }
  const tail = wanted.slice(open + 1);
  return (
    parts.length >= wanted.length - 1 &&
    isAt(wanted.slice(0, open), parts, 0) &&
    isAt(tail, parts, parts.length - tail.length)
  );
}

function isAt(wanted: readonly TemplateSegment[], parts: readonly string[], start: number): boolean {
  return wanted.every(
    (segment, index) => segment.kind !== "literal" || segment.text === parts[start + index],
  );
}
