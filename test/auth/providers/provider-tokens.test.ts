import { beforeAll, describe, expect, it } from "vitest";
import { pushScope } from "../../../src/auth/scopes.ts";
import { apiErrorOf } from "../../support/api-error.ts";
import { type IssuerKey, makeIssuerKey, startKeySetIssuer } from "../../support/auth/key-set-issuer.ts";

let key: IssuerKey;
beforeAll(async () => {
  key = await makeIssuerKey("RS256");
});

type Fields = Readonly<Record<string, unknown>>;

/** What a provider writes into the access token of a program, and the configuration for it. */
type Sample = {
  readonly issuer: string;
  readonly init: NonNullable<Parameters<typeof startKeySetIssuer>[0]>;
  readonly header: Fields;
  readonly claims: Fields;
  /** Changes that make the token one for another service or program. */
  readonly foreign: readonly Fields[];
  /** The claim that the error of foreign tokens names. */
  readonly audience: string;
};

const client = "1example23456789";
const samples: Readonly<Record<string, Sample>> = {
  "Amazon Cognito": {
    issuer: "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example",
    init: {
      audiences: [client],
      claims: { audience: "client_id", account: "client_id", scopes: { "mdps/push": pushScope } },
    },
    header: {},
    claims: {
      aud: undefined,
      sub: client,
      client_id: client,
      token_use: "access",
      scope: "mdps/push",
      version: 2,
    },
    foreign: [{ client_id: "another-client" }, { client_id: undefined, aud: client }, { client_id: "" }],
    audience: "client_id",
  },
  Auth0: {
    issuer: "https://tenant.auth0.com/",
    init: { claims: { account: "azp", scopes: { "push:plans": pushScope } } },
    header: { typ: "JWT" },
    claims: {
      sub: `${client}@clients`,
      aud: ["mdps", "https://tenant.auth0.com/userinfo"],
      azp: client,
      gty: "client-credentials",
      scope: "openid push:plans",
    },
    foreign: [{ aud: ["https://tenant.auth0.com/userinfo"] }, { aud: "https://other.test" }],
    audience: "aud",
  },
  "Auth0 with the profile of RFC 9068": {
    issuer: "https://tenant.auth0.com/",
    init: { claims: { account: "client_id", scopes: { "push:plans": pushScope } } },
    header: { typ: "at+jwt" },
    claims: { sub: `${client}@clients`, client_id: client, scope: "push:plans" },
    foreign: [{ aud: "https://other.test" }],
    audience: "aud",
  },
  "Auth0, which names the client in azp": {
    issuer: "https://tenant.auth0.com/",
    init: {
      audiences: [client],
      claims: { audience: "azp", account: "azp", scopes: { "push:plans": pushScope } },
    },
    header: { typ: "JWT" },
    claims: { sub: `${client}@clients`, azp: client, scope: "push:plans" },
    foreign: [{ azp: "another-client" }],
    audience: "azp",
  },
  Keycloak: {
    issuer: "https://login.example.com/realms/operators",
    init: { claims: { account: "azp", scopes: { push: pushScope } } },
    header: { typ: "JWT" },
    claims: {
      sub: "d952cf23-bf92-4c8f-a3ff-4972b4f2bc5b",
      aud: ["mdps", "account"],
      typ: "Bearer",
      azp: client,
      acr: "1",
      realm_access: { roles: ["offline_access"] },
      scope: "profile email push",
      preferred_username: `service-account-${client}`,
    },
    foreign: [{ aud: "account" }, { aud: undefined }],
    audience: "aud",
  },
  "Keycloak without an audience mapper": {
    issuer: "https://login.example.com/realms/operators",
    init: { audiences: [client], claims: { audience: "azp", account: "azp", scopes: { push: pushScope } } },
    header: { typ: "JWT" },
    claims: { sub: undefined, aud: "account", typ: "Bearer", azp: client, scope: "push" },
    foreign: [{ azp: "another-client" }, { azp: [] }],
    audience: "azp",
  },
  "Microsoft Entra ID, version 2": {
    issuer: "https://login.microsoftonline.com/9122040d-6c67-4c5b-b112-36a304b66dad/v2.0",
    init: { claims: { account: "azp", scope: "roles", scopes: { "Plans.Push": pushScope } } },
    header: { typ: "JWT" },
    claims: {
      azp: client,
      azpacr: "1",
      idtyp: "app",
      roles: ["Plans.Push"],
      sub: "b0c1",
      oid: "b0c1",
      ver: "2.0",
    },
    foreign: [{ aud: "00000003-0000-0000-c000-000000000000" }],
    audience: "aud",
  },
  "Microsoft Entra ID, version 1": {
    issuer: "https://sts.windows.net/9122040d-6c67-4c5b-b112-36a304b66dad/",
    init: {
      audiences: [client],
      claims: { audience: "appid", account: "appid", scope: "scp", scopes: { "Plans.Push": pushScope } },
    },
    header: { typ: "JWT", x5t: "kg2LYs2T0CTjIfj4rt6JIynen38" },
    claims: { aud: "api://mdps", appid: client, appidacr: "1", scp: "User.Read Plans.Push", ver: "1.0" },
    foreign: [{ appid: "another-client" }],
    audience: "appid",
  },
  Okta: {
    issuer: "https://example.okta.com/oauth2/default",
    init: {
      audiences: ["api://default"],
      claims: { account: "cid", scope: "scp", scopes: { push: pushScope } },
    },
    header: { typ: "application/okta-internal-at+jwt" },
    claims: { aud: "api://default", ver: 1, cid: client, sub: client, scp: ["push"] },
    foreign: [{ aud: "https://example.okta.com" }],
    audience: "aud",
  },
  "Okta, with cid as the audience": {
    issuer: "https://example.okta.com/oauth2/default",
    init: {
      audiences: [client],
      claims: { audience: "cid", account: "cid", scope: "scp", scopes: { push: pushScope } },
    },
    header: {},
    claims: { aud: "api://default", ver: 1, cid: client, sub: client, scp: ["push"] },
    foreign: [{ cid: "another-client" }, { cid: undefined, aud: client }],
    audience: "cid",
  },
  "Google, an ID token of a service account": {
    issuer: "https://accounts.google.com",
    init: {
      claims: {
        account: "email",
        scope: "email",
        scopes: { "agent@acme.iam.gserviceaccount.com": pushScope },
      },
      accounts: [{ account: "agent@acme.iam.gserviceaccount.com", asns: [65001] }],
    },
    header: { typ: "JWT" },
    claims: {
      azp: "112010400000000710080",
      email: "agent@acme.iam.gserviceaccount.com",
      email_verified: true,
      sub: "112010400000000710080",
    },
    foreign: [{ aud: "https://other.test" }],
    audience: "aud",
  },
};

describe.each(Object.entries(samples))("an access token of %s", (name, sample) => {
  const start = async () => {
    const accounts = [{ account: client, asns: [65001] }];
    const issuer = await startKeySetIssuer({ issuer: sample.issuer, accounts, ...sample.init });
    // All of these providers publish `use`, most also `alg`. Keycloak has a key for encryption.
    issuer.publish(
      { ...key.jwk, kid: "encryption", use: "enc", alg: "RSA-OAEP" },
      { ...key.jwk, kid: "signature", use: "sig" },
    );
    const now = Math.floor(issuer.server.clock.now() / 1000);
    // Some clocks are ahead. The default skew is 30 s.
    const times = { iat: now + 20, nbf: now + 20, exp: now + 3600 };
    const push = (claims: Fields = {}) =>
      issuer.push(key, {
        header: { kid: "signature", ...sample.header },
        claims: { scope: undefined, ...times, ...sample.claims, ...claims },
      });
    return { ...issuer, push };
  };

  it(`accepts an access token of ${name}`, async () => {
    const { push } = await start();
    expect(await push()).toMatchObject({ $typeName: "mobiledataplansharing.v1.PlanGroup" });
  });

  it(`rejects an access token of ${name} for another audience`, async () => {
    const { push } = await start();
    for (const change of sample.foreign) {
      const error = await apiErrorOf(push(change));
      expect(error).toMatchObject({ reason: "CREDENTIALS_INVALID" });
      expect(error.headers.get("www-authenticate")).toContain(
        `the access token has a missing or invalid claim: ${sample.audience}`,
      );
    }
  });

  it(`rejects an access token of ${name} whose issuer differs by a slash`, async () => {
    const { push } = await start();
    const other = sample.issuer.endsWith("/") ? sample.issuer.slice(0, -1) : `${sample.issuer}/`;
    const error = await apiErrorOf(push({ iss: other }));
    expect(error.headers.get("www-authenticate")).toContain(
      "the access token has an unknown issuer: send a token of this server",
    );
  });
});
