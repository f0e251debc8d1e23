import { create, type DescField, type DescMessage, type DescOneof, type Message } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { isWrapperDesc, StructSchema } from "@bufbuild/protobuf/wkt";
import type { ViolationList } from "./violations.ts";

/** A message whose fields are accessed by name. */
export type OpenMessage = Message & Record<string, unknown>;

/** Sets a singular field. If another member of its oneof is already set, adds a violation instead. */
export function assign(
  message: OpenMessage,
  field: DescField,
  value: unknown,
  path: string,
  violations: ViolationList,
): void {
  if (field.oneof === undefined) {
    message[field.localName] = value;
  } else if (!isTaken(message, field.oneof, path, violations)) {
    message[field.oneof.localName] = { case: field.localName, value };
  }
}

function isTaken(message: OpenMessage, oneof: DescOneof, path: string, violations: ViolationList): boolean {
  const other = (message[oneof.localName] as { case: string | undefined }).case;
  if (other !== undefined) {
    violations.add(path, `cannot be set together with ${other}: at most one of them`);
  }
  return other !== undefined;
}

/** Sets a singular message field, like {@link assign}. */
export type MessageAssigner = (
  message: OpenMessage,
  value: Message,
  path: string,
  violations: ViolationList,
) => void;

/** Returns the assigner of a field. protobuf-es stores wrappers and structs in another form than the message. */
export function messageAssigner(field: DescField & { fieldKind: "message" }): MessageAssigner {
  if (!isWrapperDesc(field.message) && field.message.typeName !== StructSchema.typeName) {
    return (message, value, path, violations) => assign(message, field, value, path, violations);
  }
  return function assignReflected(message, value, path, violations) {
    if (field.oneof === undefined || !isTaken(message, field.oneof, path, violations)) {
      (reflect(field.parent, message) as ReflectMessage).set(field, reflect(field.message, value));
    }
  };
}

/** Returns the value of a singular field; undefined if another member of its oneof is set. */
export function fieldValue(message: OpenMessage, field: DescField): unknown {
  if (field.oneof === undefined) {
    return Object.hasOwn(message, field.localName) ? message[field.localName] : undefined;
  }
  const chosen = message[field.oneof.localName] as { case?: string; value?: unknown };
  return chosen.case === field.localName ? chosen.value : undefined;
}

/**
 * Returns the message that contains the last of nested fields, and creates the messages that lead to it. Returns
 * undefined if one of them is a member of a oneof that has another member set.
 */
export function ownerOf(
  message: OpenMessage,
  fields: readonly DescField[],
  path: string,
  violations: ViolationList,
): OpenMessage | undefined {
  let owner: OpenMessage | undefined = message;
  for (const field of fields.slice(0, -1)) {
    if (owner && fieldValue(owner, field) === undefined) {
      assign(owner, field, create(field.message as DescMessage), path, violations);
    }
    owner = owner && (fieldValue(owner, field) as OpenMessage | undefined);
  }
  return owner;
}
