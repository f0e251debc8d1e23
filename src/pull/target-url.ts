import { isConfidential } from "../contract/loopback.ts";
import { encodeSegment } from "../transcoding/index.ts";
import { type Problem, warning } from "./finding.ts";

/** How a user key names a subscriber. */
export type KeyType = "CPID" | "MSISDN";

/** All types of user keys. */
export const keyTypes: readonly KeyType[] = ["CPID", "MSISDN"];

/** What the URL of an operator's server may be. */
export type TargetUrlOptions = {
  /** Whether the URL may have a query. */
  readonly query?: boolean;
  /** Whether http is allowed to other machines: no secret is sent. */
  readonly cleartext?: boolean;
};

/** Parses the URL of an operator's server. Throws TypeError, whose message does not quote a password. */
export function parseTargetUrl(text: string, options: TargetUrlOptions = {}): URL {
  const url = /^https?:\/\/[^/?#\\\s]/i.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) {
    throw new TypeError("must be a URL such as https://dpa.example.com/v1");
  }
  if (url.username !== "" || url.password !== "") {
    throw new TypeError(`the URL for ${url.host} must have no user and no password`);
  }
  if (url.hash !== "" || (url.search !== "" && options.query !== true)) {
    throw new TypeError(`${url.origin}${url.pathname}: the URL must have no query and no fragment`);
  }
  if (!isConfidential(url) && options.cleartext !== true) {
    throw new TypeError(
      `${url.origin}: must be an https URL; http is allowed for loopback addresses only, because tokens and user keys are readable on the wire`,
    );
  }
  return url;
}

/** Returns a warning for http, which Google does not call. `field` is what the URL is of. */
export function cleartextWarnings(url: URL, field: string): Problem[] {
  return url.protocol === "https:"
    ? []
    : [warning(field, "is an http URL, for tests only: Google requires https with a valid certificate")];
}

/** Returns why a text cannot be a segment of a path, or undefined. */
export function unsendableSegment(text: string): string | undefined {
  if (text === "") {
    return "value is required";
  }
  return /^\.{1,2}$/.test(text) ? "must not be . or .., which a URL path cannot contain" : undefined;
}

/** Returns `{DPA}/{userKey}/planStatus?key_type=…&client_id=…`. The user key is one segment. */
export function planStatusUrl(dpa: URL, userKey: string, keyType: KeyType, clientId: string): URL {
  const query = new URLSearchParams({ key_type: keyType, client_id: clientId });
  return below(dpa, `${encodeSegment(userKey)}/planStatus?${query}`);
}

/** Returns `{DPA}/{userKey}/Eligibility/{planId}?key_type=…`; without a plan, the last segment is absent. */
export function eligibilityUrl(dpa: URL, userKey: string, keyType: KeyType, planId: string | undefined): URL {
  const plan = planId === undefined ? "" : `/${encodeSegment(planId)}`;
  return below(
    dpa,
    `${encodeSegment(userKey)}/Eligibility${plan}?${new URLSearchParams({ key_type: keyType })}`,
  );
}

function below(base: URL, rest: string): URL {
  return new URL(`${base.href.replace(/\/+$/, "")}/${rest}`);
}
