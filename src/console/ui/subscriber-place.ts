/** What a call or a push says of its subscriber. */
export type Addressee = {
  /** ASN in decimal, or the name of the operator. */
  readonly operator: string;
  /** Empty for every client. */
  readonly clientId: string;
  readonly userKey: string;
  /** Name of the method, with or without its service. */
  readonly method: string;
};

/** Returns the place of the record that a call is about, for `hrefOf`: a key may have both a status and a plan group. */
export function subscriberPlace({
  operator,
  clientId,
  userKey,
  method,
}: Addressee): [segments: string[], query: Record<string, string>] {
  const asn = operator.replace(/^operators\//, "");
  if (clientId !== "") {
    return [[asn, clientId, userKey], {}];
  }
  const kind = method.endsWith("PlanGroup") ? "planGroup" : "planStatus";
  return [[asn, "-", userKey], { kind }];
}
