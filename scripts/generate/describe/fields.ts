import type { DescField, DescMessage } from "@bufbuild/protobuf";

/** Finds the field that a path such as `plan.name` names. */
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
 * What a query can set of a message: all fields that nothing else binds, each as the fields that lead to it. Maps and
 * repeated messages have no form in a query.
 *
 * @param isBound - Tells of a field path of proto names whether the path or the body of the request has it.
 * @param isText - Tells of a message whether its JSON form is one text, as that of a Timestamp is.
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
      // A message that holds itself would go on forever.
      if (field.fieldKind !== "message" || open.includes(field.message)) {
        return [];
      }
      return collect(field.message, fields, [...open, field.message]);
    });
  }
}
