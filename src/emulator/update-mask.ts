import type { FieldMask } from "@bufbuild/protobuf/wkt";
import { type FieldViolation, quoteName } from "../contract/field-violation.ts";

/** What the mask of an update says. */
type UpdateMask = {
  /** Whether the mask names a field. False without a mask, and for `*`: then the fields that are present are set. */
  names(field: string): boolean;
  /** Whether a field is set if it is present. */
  allows(field: string): boolean;
  readonly violations: readonly FieldViolation[];
};

type Fields = { settable: readonly string[]; outputOnly: readonly string[] };

/**
 * Reads the mask of an update. Output-only fields are ignored (AIP-203). A mask that names no settable field, or one that
 * the resource does not have, is a violation.
 */
export function readUpdateMask(mask: FieldMask | undefined, { settable, outputOnly }: Fields): UpdateMask {
  const paths = mask?.paths ?? [];
  if (paths.length === 0 || paths.includes("*")) {
    return { names: () => false, allows: () => true, violations: [] };
  }
  const unknown = paths.find((path) => !settable.includes(path) && !outputOnly.includes(path));
  const expected = `must name ${settable.join(" or ")}`;
  const violations: FieldViolation[] = [];
  if (unknown !== undefined) {
    violations.push({
      field: "updateMask",
      description: `${expected}: ${quoteName(unknown)} is none of its fields`,
    });
  } else if (!paths.some((path) => settable.includes(path))) {
    violations.push({ field: "updateMask", description: `${expected}: nothing else can be set` });
  }
  const names = (field: string) => paths.includes(field);
  return { names, allows: names, violations };
}
