import type { DescMethod } from "@bufbuild/protobuf";
import type { FieldViolation } from "../contract/field-violation.ts";
import { asnOfParent } from "../contract/resource-names.ts";
import { closestMatch, didYouMean } from "../contract/unknown-names/did-you-mean.ts";
import { contractServices } from "../services/routes.ts";

/** The methods of the API: no others are recorded or go wrong. */
export const contractMethods: readonly DescMethod[] = contractServices.flatMap(
  ({ methods }): readonly DescMethod[] => methods,
);

/** Returns the methods that a name stands for: that of a method, of a service, or both. The empty name is for all. */
export function methodsNamed(name: string): readonly DescMethod[] {
  return name === "" ? contractMethods : contractMethods.filter((method) => namesOf(method).includes(name));
}

/** Returns the names by which a filter may name a method. */
export function namesOf({ name, parent }: DescMethod): readonly string[] {
  return [name, parent.typeName, `${parent.typeName}/${name}`];
}

/**
 * Returns the methods that a filter names; undefined for an empty one, which stands for every call. Adds a violation if it
 * names none.
 */
export function filteredMethods(
  text: string,
  violations: FieldViolation[],
): ReadonlySet<DescMethod> | undefined {
  if (text === "") {
    return undefined;
  }
  const named = methodsNamed(text);
  if (named.length === 0) {
    const names = [...new Set(contractMethods.flatMap(namesOf))];
    const methods = contractMethods.map(({ name }) => name).join(", ");
    // gRPC writes a slash before the service, and people leave out its package.
    const bare = text.replace(/^\//, "");
    const longer = names.find((name) => name === bare || name.endsWith(`.${bare}`));
    const suggestion = didYouMean(longer ?? closestMatch(text, names));
    const description = `must be one of ${methods}, a service of them, or both, as in package.Service/Method${suggestion}`;
    violations.push({ field: "method", description });
  }
  return new Set(named);
}

/** Returns the ASN that a filter names; undefined for an empty one. Adds a violation for any other text. */
export function filteredOperator(text: string, violations: FieldViolation[]): number | undefined {
  const asn = asnOfParent(text);
  if (text !== "" && asn === undefined) {
    const description =
      "must be operators/{asn_id}, where asn_id is an ASN from 1 to 4294967295 without leading zeros";
    violations.push({ field: "operator", description });
  }
  return asn;
}
