import type { DescField, DescMessage } from "@bufbuild/protobuf";

/** Returns the field at a path such as `plan.name`. Throws if there is none. */
export function fieldAt(message: DescMessage, path: string): DescField {
  let scope: DescMessage | undefined = message;
  let found: DescField | undefined;
  for (const name of path.split(".")) {
    found = scope?.fields.find((field) => field.name === name);
    if (found === undefined) {
      throw new Error(`${message.typeName} has no field ${path}`);
    }
    scope = found.message;
  }
  if (found === undefined) {
    throw new Error(`${message.typeName}: the field path is empty`);
  }
  return found;
}

/**
 * Returns the fields of a message that a query can set: those that nothing else binds, each as the list of fields that
 * leads to it. Maps and repeated messages have no form in a query.
 *
 * @param isBound - Whether the path or the body of the request binds a field path of proto names.
 * @param isText - Whether the JSON form of a message is one string, as that of a Timestamp is.
 */
export function queryFields(
  input: DescMessage,
  isBound: (fieldPath: string) => boolean,
  isText: (message: DescMessage) => boolean,
): DescField[][] {
  return collect(input, [], [input]);

  function collect(
    message: DescMessage,
    path: readonly DescField[],
    open: readonly DescMessage[],
  ): DescField[][] {
    return message.fields.flatMap((field) => {
      const fields = [...path, field];
      if (isBound(fields.map(({ name }) => name).join("."))) {
        return [];
      }
      if (field.message === undefined ? field.fieldKind !== "map" : isText(field.message)) {
        return [fields];
      }
      // A recursive message would never end.
      if (field.fieldKind !== "message" || open.includes(field.message)) {
        return [];
      }
      return collect(field.message, fields, [...open, field.message]);
    });
  }
}
