const parentPattern = /^operators\/([1-9][0-9]{0,9})$/;
const largestAsn = 4_294_967_295;

/** Returns the ASN of `operators/{asn_id}`, or undefined if the text is no such name. */
export function asnOfParent(parent: string): number | undefined {
  const digits = parentPattern.exec(parent)?.[1];
  if (digits === undefined) {
    return undefined;
  }
  const asn = Number(digits);
  return asn <= largestAsn ? asn : undefined;
}

/** Returns `operators/{asn_id}`. */
export function parentOf(asn: number): string {
  return `operators/${asn}`;
}

/** The collections of an operator, as they stand in resource names. */
export type Collection = "planStatuses" | "planGroups";

/** Returns `operators/{asn_id}/{collection}/{id}`, with `%` and `/` of the id escaped. */
export function resourceName(asn: number, collection: Collection, id: string): string {
  return `operators/${asn}/${collection}/${escapeId(id)}`;
}

/** Reads a name back, or returns undefined if it is no name of that collection. */
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
  return asn === undefined ? undefined : { asn, id: unescapeId(escaped) };
}

// Only the two characters that would make a name ambiguous: a name stays readable and always has four segments.
function escapeId(id: string): string {
  return id.replaceAll("%", "%25").replaceAll("/", "%2F");
}

function unescapeId(escaped: string): string {
  return escaped.replaceAll("%2F", "/").replaceAll("%25", "%");
}
