import { parentOf } from "../../contract/resource-names.ts";

/** What is stored for a subscriber: the status for every client, that for one client, or a group. */
export type RecordChoice = {
  readonly kind: "planStatus" | "planGroup";
  /** Empty for every client and for a group. */
  readonly clientId: string;
};

/** The place of one subscriber in the console. */
export type SubscriberAddress = {
  /** As in the address; perhaps not an ASN. */
  readonly asn: string;
  readonly userKey: string;
  /** Which of its records; undefined if the address says `-`, for a status for every client or else a group. */
  readonly choice: RecordChoice | undefined;
};

/** Returns what a record is called. */
export function choiceText({ kind, clientId }: RecordChoice): string {
  if (kind === "planGroup") {
    return "plan group";
  }
  return clientId === "" ? "every client" : clientId;
}

/** Stands for no client in an address. */
const noClient = "-";

const kindName = "kind";

/** Reads the segments and the query of `#/subscribers/65001/mobiledataplan/+14155550100`; undefined for the list. */
export function subscriberAddress(
  segments: readonly string[],
  query: URLSearchParams,
): SubscriberAddress | undefined {
  const [asn, client, ...rest] = segments;
  if (asn === undefined || client === undefined || rest.length === 0) {
    return undefined;
  }
  const userKey = rest.join("/");
  if (client !== noClient) {
    return { asn, userKey, choice: { kind: "planStatus", clientId: client } };
  }
  const kind = query.get(kindName);
  const isKind = kind === "planStatus" || kind === "planGroup";
  return { asn, userKey, choice: isKind ? { kind, clientId: "" } : undefined };
}

/** Returns the segments and the query of the place of a record. */
export function placeOf(
  asn: string,
  userKey: string,
  { kind, clientId }: RecordChoice,
): [segments: string[], query: Record<string, string>] {
  return clientId === "" ? [[asn, noClient, userKey], { [kindName]: kind }] : [[asn, clientId, userKey], {}];
}

/** Returns `operators/{asn_id}`. */
export function operatorOf(asn: string): string {
  return parentOf(asn as unknown as number);
}
