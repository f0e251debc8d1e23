import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { onTestFinished } from "vitest";
import {
  AuthConfigSchema,
  type JwtIssuerSchema,
} from "../../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import { pushScope } from "../../../src/auth/scopes.ts";
import { freshKey, parent, startTestServer, type TestServer } from "../test-server.ts";
import { type Front, startFront } from "./identity-providers.ts";
import { secondsFromNow } from "./jwt-forge.ts";

/** A key pair of a test: what an issuer publishes, without `kid` and `alg`, and what it signs with. */
export type IssuerKey = { readonly alg: string; readonly jwk: JWK; readonly privateKey: CryptoKey };

/** Creates a key pair. */
export async function makeIssuerKey(alg = "ES256"): Promise<IssuerKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, jwk: await exportJWK(publicKey), privateKey };
}

type Claims = Readonly<Record<string, unknown>>;
type IssuerInit = Exclude<MessageInitShape<typeof JwtIssuerSchema>, { $typeName: string }>;

/** A server that trusts an issuer whose key set and claims tests write themselves. */
export type KeySetIssuer = {
  readonly server: TestServer;
  readonly front: Front;
  /** Publishes these keys. Values that are no keys are published too. */
  publish(...keys: unknown[]): void;
  /** Pushes with a token of these claims, signed with this key. */
  push(key: IssuerKey, options?: { header?: Claims; claims?: Claims }): Promise<unknown>;
  /** Returns the number of requests for the keys. */
  keyRequests(): number;
  /** Advances the clock of the server. */
  advance(ms: number): void;
};

/** Starts an issuer and a server, until the test ends. `mdps` is an audience, and account `acme` may act for 65001. */
export async function startKeySetIssuer(init: Partial<IssuerInit> = {}): Promise<KeySetIssuer> {
  const front = await startFront(() => (_, response) => response.writeHead(404).end());
  const issuer = init.issuer ?? "https://idp.test";
  const server = await startTestServer({
    auth: create(AuthConfigSchema, {
      jwtIssuers: [
        {
          issuer,
          jwksUri: `${front.url}/jwks`,
          audiences: ["mdps"],
          accounts: [{ account: "acme", asns: [65001] }],
          ...init,
        },
      ],
    }),
  });
  onTestFinished(async () => {
    await Promise.all([server[Symbol.asyncDispose](), front[Symbol.asyncDispose]()]);
  });
  return {
    server,
    front,
    publish: (...keys) => front.answerWith(JSON.stringify({ keys })),
    async push({ alg, privateKey }, { header = {}, claims = {} } = {}) {
      const token = await new SignJWT({
        iss: issuer,
        aud: "mdps",
        sub: "acme",
        scope: pushScope,
        // Tokens are cached, and tests count what verifies them.
        jti: freshKey(),
        exp: secondsFromNow(server.clock, 100_000),
        ...claims,
      })
        .setProtectedHeader({ alg, ...header })
        .sign(privateKey);
      return server.client("rest", token).createPlanGroup({ parent, planGroupId: freshKey() });
    },
    keyRequests: () => front.countOf("/jwks"),
    advance: (ms) => server.clock.set(server.clock.now() + ms),
  };
}
