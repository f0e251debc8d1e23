/** The values that the contract allows for `client_id`: applications that have statuses of their own. */
export const clientIds = ["mobiledataplan", "youtube", "AndroidSystemInfo"] as const;

const parentPattern = /^operators\/([1-9][0-9]{0,9})$/;
const largestAsn = 4_294_967_295;

/** Returns the ASN of `operators/{asn_id}`, or undefined if the text is not such a name. */
export function asnOfParent(parent: string): number | undefined {
  const asn = Number(parentPattern.exec(parent)?.[1]);
  return asn <= largestAsn ? asn : undefined;
}

/** Returns `operators/{asn_id}`. It does not check the number; {@link asnOfParent} does. */
export function parentOf(asn: number): string {
  return `operators/${asn}`;
}

/** Collections of an operator, as written in resource names. */
export type Collection = "planStatuses" | "planGroups" | "devices";

/**
 * Returns `operators/{asn_id}/{collection}/{id}`. Of the id, only `%` and `/` are escaped, so that names stay readable
 * and always have four segments.
 *
 * ```ts
 * const name = resourceName(65001, "planStatuses", "a/b+c=="); // operators/65001/planStatuses/a%2Fb+c==
 * ```
 */
export function resourceName(asn: number, collection: Collection, id: string): string {
  return `operators/${asn}/${collection}/${id.replaceAll("%", "%25").replaceAll("/", "%2F")}`;
}

/**
 * Parses the name of a resource. Returns undefined if the text is not a name in that collection.
 *
 * ```ts
 * const id = parseResourceName(status.name, "planStatuses")?.id; // a/b+c==
 * ```
 */
export function parseResourceName(
  name: string,
  collection: Collection,
): { asn: number; id: string } | undefined {
  const segments = name.split("/");
  const [operators, asnText, found, escaped] = segments;
  if (segments.length !== 4 || found !== collection || !escaped) {
    return undefined;
  }
  const asn = asnOfParent(`${operators}/${asnText}`);
  return asn === undefined ? undefined : { asn, id: escaped.replaceAll("%2F", "/").replaceAll("%25", "%") };
}
