import { defaultTokenSeconds, signAccessToken } from "../auth/access-token.ts";
import { type Access, scopesOfAccess } from "../auth/scopes.ts";
import { loadSigningKey } from "../auth/signing-key.ts";
import { systemClock } from "../contract/clock.ts";

/** Creates a token that servers of a data directory accept. Creates their signing key if necessary. */
export async function makeToken(
  dataDirectory: string,
  asn: number,
  access: Access,
  lifetimeSeconds: number = defaultTokenSeconds,
): Promise<string> {
  const key = await loadSigningKey(dataDirectory);
  const scopes = scopesOfAccess[access];
  return signAccessToken(key, { account: "mdps-token", asns: [asn], scopes, lifetimeSeconds }, systemClock);
}
