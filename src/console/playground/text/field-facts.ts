import { type DescField, getOption, hasOption } from "@bufbuild/protobuf";
import { field as fieldRules } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { FieldBehavior, field_behavior } from "#deps/google/api/field_behavior_pb.js";

/** Whether a field must, may or need not be set in a request. */
export type Presence = "required" | "optional" | "output only";

/** Returns the presence of a field by its options. */
export function presenceOf(field: DescField): Presence {
  const behavior = getOption(field, field_behavior);
  if (behavior.includes(FieldBehavior.OUTPUT_ONLY)) {
    return "output only";
  }
  const isRequired =
    behavior.includes(FieldBehavior.REQUIRED) ||
    (hasOption(field, fieldRules) && getOption(field, fieldRules).required);
  return isRequired ? "required" : "optional";
}
