import { type DescField, type DescMessage, type JsonObject, ScalarType } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import type { TemplateSegment, TemplateVariable } from "../http/path-template.ts";
import { encodeSegment } from "../http/percent.ts";
import type { HttpBinding } from "../http/rules.ts";

/** Why a message does not fit a binding. */
export type ExpandFault = { readonly fault: string };

/** Takes the fields that the path carries out of a request's JSON, and returns the path, percent-encoded. */
export type PathWriter = (json: JsonObject) => string | ExpandFault;

/** A variable of the template, with its field looked up. */
type Variable = {
  readonly name: string;
  /** JSON names of the messages around the field, outermost first. */
  readonly parents: readonly string[];
  readonly jsonName: string;
  /** What the path has for a field that is not in the JSON. */
  readonly zero: string | undefined;
  readonly multiSegment: boolean;
  readonly wanted: readonly TemplateSegment[];
};

/** Compiles the writer of a binding's paths. Throws if its template does not fit the request message. */
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

  return (json) => {
    if (wildcard) {
      return { fault: `${template.source} has a * that no field of the request fills` };
    }
    const written: string[] = [];
    for (const piece of pieces) {
      if (typeof piece === "string") {
        written.push(piece);
        continue;
      }
      const text = takeText(json, piece);
      const fault = faultOf(text, piece);
      if (fault !== undefined) {
        return { fault: `${piece.name} ${fault}` };
      }
      const encoded = piece.multiSegment ? (text ?? "").split("/").map(encodeSegment).join("/") : undefined;
      written.push(encoded ?? encodeSegment(text ?? ""));
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

/** A zero that is not in the JSON, because its field has no presence, is a value all the same; "" is none. */
function zeroText(field: DescField): string | undefined {
  if (field.presence !== FeatureSet_FieldPresence.IMPLICIT) {
    return undefined;
  }
  switch (field.scalar) {
    case undefined:
      return field.enum?.values[0]?.name;
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return undefined;
    case ScalarType.BOOL:
      return "false";
    default:
      return "0";
  }
}

/** Removes a field from the JSON, for the path carries it, and returns its text. */
function takeText(json: JsonObject, { parents, jsonName, zero }: Variable): string | undefined {
  let holder = json;
  for (const parent of parents) {
    // Not by a look-up alone: a field may have the name of something that every object has.
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

function faultOf(text: string | undefined, { multiSegment, wanted }: Variable): string | undefined {
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
