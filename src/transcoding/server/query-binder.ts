import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { hasCustomJsonRepresentation } from "@bufbuild/protobuf/wkt";
import { createSuggestion } from "../../contract/unknown-names/did-you-mean.ts";
import { assign, type MessageAssigner, messageAssigner, type OpenMessage, ownerOf } from "../json/assign.ts";
import { type TextReader, textReader } from "../json/text-value.ts";
import type { ViolationList } from "../json/violations.ts";
import { type QueryParameter, shownParameter, suggestedNames } from "./query.ts";

const deepest = 32;

/** Sets the fields that the parameters name, and adds violations for invalid ones. */
type QueryBinder = (
  message: OpenMessage,
  parameters: readonly QueryParameter[],
  violations: ViolationList,
) => void;

type Step = {
  readonly field: DescField;
  readonly read: TextReader | undefined;
  readonly assignMessage: MessageAssigner | undefined;
  /** The message whose fields can follow in a name. Undefined for types such as Timestamp, whose JSON is one string. */
  readonly inner: DescMessage | undefined;
};

/**
 * Compiles the binder of a message. `taken`: the fields that path and body set, as paths of proto names. A parameter for
 * one of them is a violation.
 */
export function compileQueryBinder(desc: DescMessage, taken: readonly string[]): QueryBinder {
  const stepsOf = stepLookup();
  const free = desc.fields.filter(({ name }) => !taken.includes(name));
  const suggest = createSuggestion([...free.map(({ jsonName }) => jsonName), ...suggestedNames]);
  return function bindQuery(message, parameters, violations) {
    const seen = new Set<string>();
    for (const parameter of parameters) {
      if (violations.isFull) {
        return;
      }
      setParameter(parameter, message, violations, seen);
    }
  };

  function setParameter(
    { name, value }: QueryParameter,
    message: OpenMessage,
    violations: ViolationList,
    seen: Set<string>,
  ): undefined {
    const shown = shownParameter(name);
    const steps = resolve(name);
    const leaf = steps?.at(-1);
    if (steps === undefined || leaf === undefined) {
      return violations.add(
        shown,
        `is not a parameter of this method${name.includes(".") ? "" : suggest(name)}`,
      );
    }
    const fields = steps.map(({ field }) => field);
    const path = fields.map((field) => field.name).join(".");
    if (
      taken.some((other) => path === other || path.startsWith(`${other}.`) || other.startsWith(`${path}.`))
    ) {
      return violations.add(shown, "is set by the path or the body, and cannot be a parameter as well");
    }
    if (leaf.read === undefined) {
      return violations.add(shown, "cannot be set as a whole by a parameter: name one of its fields");
    }
    const repeated = leaf.field.fieldKind === "list";
    if (!repeated && seen.has(path)) {
      return violations.add(shown, "must be given once");
    }
    seen.add(path);
    const read = leaf.read(value);
    if ("expected" in read) {
      return violations.add(shown, read.expected);
    }
    const owner = ownerOf(message, fields, shown, violations);
    if (owner === undefined) {
      return;
    }
    if (repeated) {
      (owner[leaf.field.localName] as unknown[]).push(read.value);
    } else if (leaf.assignMessage !== undefined) {
      leaf.assignMessage(owner, read.value as Message, shown, violations);
    } else {
      assign(owner, leaf.field, read.value, shown, violations);
    }
  }

  function resolve(name: string): Step[] | undefined {
    const parts = name.split(".");
    if (parts.length > deepest) {
      return undefined;
    }
    const steps: Step[] = [];
    let at: DescMessage | undefined = desc;
    for (const part of parts) {
      const step: Step | undefined = at && stepsOf(at).get(part);
      if (step === undefined) {
        return undefined;
      }
      steps.push(step);
      at = step.inner;
    }
    return steps;
  }
}

function stepLookup(): (desc: DescMessage) => ReadonlyMap<string, Step> {
  const known = new Map<DescMessage, ReadonlyMap<string, Step>>();
  return (desc) => {
    const steps =
      known.get(desc) ??
      new Map(
        desc.fields.flatMap((field) => {
          const step = stepOf(field);
          return [
            [field.name, step],
            [field.jsonName, step],
          ] as const;
        }),
      );
    known.set(desc, steps);
    return steps;
  };
}

function stepOf(field: DescField): Step {
  const read = textReader(field);
  if (field.fieldKind !== "message") {
    return { field, read, assignMessage: undefined, inner: undefined };
  }
  const inner = hasCustomJsonRepresentation(field.message) ? undefined : field.message;
  return { field, read, assignMessage: messageAssigner(field), inner };
}
