import { createPublicKey, type JsonWebKey } from "node:crypto";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type JWK, OAuth2Issuer, OAuth2Service } from "oauth2-mock-server";
import { type Configuration, Provider } from "oidc-provider";
import { pushScope, readScope } from "../../../src/auth/scopes.ts";

/** How a provider answers: correctly, with status 500, never, with a head but no body, or by refusing connections. */
export type Behaviour = "answers" | "fails" | "stalls" | "stalls in the body" | "is unreachable";

/** The HTTP server of a provider. It counts requests and can misbehave. */
export type Front = {
  readonly url: string;
  /** Paths of all requests, answered or not, oldest first. */
  readonly requests: readonly string[];
  /** Returns the number of requests of a path. */
  countOf(path: string): number;
  /** Changes the behaviour. Closes the connections of requests that wait for an answer. */
  behave(behaviour: Behaviour): Promise<void>;
  /** Answers all further requests with this text as JSON. */
  answerWith(text: string): void;
  /** Answers all further requests with a redirect. */
  redirectTo(url: string): void;
  /** Resolves when this many requests of a path have arrived in total. */
  reached(path: string, count: number): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Starts the HTTP server of a provider on a free port. */
export async function startFront(listener: () => RequestListener): Promise<Front> {
  let behaviour: Behaviour = "answers";
  let current = listener;
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const watchers = new Set<() => void>();
  const server = createServer((request, response) => {
    requests.push((request.url ?? "").split("?", 1)[0] as string);
    for (const watch of [...watchers]) {
      watch();
    }
    switch (behaviour) {
      case "fails":
        response.writeHead(500, { "content-type": "application/json" }).end("{}");
        break;
      case "stalls in the body":
        response.writeHead(200, { "content-type": "application/json" }).write("{");
        break;
      case "answers":
        // One connection per request, because a pooled connection that this server has closed would fail.
        response.setHeader("connection", "close");
        current()(request, response);
        break;
    }
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const open = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", () => {
        server.off("error", reject);
        resolve();
      });
    });
  const close = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    cut();
    await closed;
  };
  const cut = () => {
    for (const socket of sockets) {
      socket.destroy();
    }
  };
  await open(0);
  const { port } = server.address() as AddressInfo;
  const countOf = (path: string) => requests.filter((each) => each === path).length;

  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    countOf,
    async behave(next) {
      behaviour = next;
      if (next === "is unreachable") {
        await close();
      } else {
        cut();
        if (!server.listening) {
          await open(port);
        }
      }
    },
    answerWith(text) {
      current = () => (_, response) =>
        response.writeHead(200, { "content-type": "application/json" }).end(text);
    },
    redirectTo(location) {
      current = () => (_, response) => response.writeHead(307, { location }).end();
    },
    reached: (path, count) =>
      new Promise((resolve) => {
        const watch = () => {
          if (countOf(path) >= count) {
            watchers.delete(watch);
            resolve();
          }
        };
        watchers.add(watch);
        watch();
      }),
    async [Symbol.asyncDispose]() {
      if (server.listening) {
        await close();
      }
    },
  };
}

export type TokenOptions = {
  /** ID of the signing key, published or not. Defaults to the newest key. */
  kid?: string;
  /** Header parameters to change; undefined removes one. */
  header?: Readonly<Record<string, unknown>>;
};

/** An identity provider that issues JWTs: oauth2-mock-server with keys that tests can change. */
export type JwtProvider = Front & {
  readonly issuer: string;
  readonly jwksUri: string;
  /** Returns the number of requests for its keys. */
  keyRequests(): number;
  /** Resolves when its keys were requested this many times in total. */
  keysAsked(count: number): Promise<void>;
  /** Creates a key without publishing it. Resolves with its ID. */
  makeKey(algorithm: "RS256" | "ES256" | "ES384" | "EdDSA", kid?: string): Promise<string>;
  /** Publishes only these keys. */
  publish(...kids: string[]): Promise<void>;
  /** Returns the public key as PEM. */
  publicPem(kid: string): string;
  /** Signs a token with these claims and `iss`. Times such as `exp` are only set if given. */
  token(claims: Readonly<Record<string, unknown>>, options?: TokenOptions): Promise<string>;
};

const jwksPath = "/jwks";

/** Starts oauth2-mock-server on a free port, with a key "first" (ES256) that is published. */
export async function startJwtProvider(): Promise<JwtProvider> {
  const all = new OAuth2Issuer();
  // A key store cannot remove keys, so each set of published keys gets its own store.
  let published = new OAuth2Service(new OAuth2Issuer());
  let latest = "";
  const front = await startFront(() => published.requestHandler);
  all.url = front.url;

  const keyOf = (kid: string): JWK => {
    const key = all.keys.toJSON(true).find((each) => each.kid === kid);
    if (key === undefined) {
      throw new Error(`no key ${kid}`);
    }
    return key;
  };
  const provider: JwtProvider = {
    ...front,
    issuer: front.url,
    jwksUri: front.url + jwksPath,
    keyRequests: () => front.countOf(jwksPath),
    keysAsked: (count) => front.reached(jwksPath, count),
    async makeKey(algorithm, kid) {
      const key = await all.keys.generate(algorithm, {
        ...(kid !== undefined && { kid }),
        ...(algorithm === "EdDSA" && { crv: "Ed25519" }),
      });
      latest = key.kid;
      return key.kid;
    },
    async publish(...kids) {
      const issuer = new OAuth2Issuer();
      issuer.url = front.url;
      for (const kid of kids) {
        await issuer.keys.add({ ...keyOf(kid) });
      }
      published = new OAuth2Service(issuer);
    },
    publicPem: (kid) =>
      createPublicKey({ key: keyOf(kid) as JsonWebKey, format: "jwk" })
        .export({ type: "spki", format: "pem" })
        .toString(),
    token: (claims, { kid = latest, header = {} } = {}) =>
      all.buildToken({
        kid,
        scopesOrTransform(ownHeader, payload) {
          // The library sets times of the real clock.
          for (const name of ["iat", "exp", "nbf"]) {
            delete payload[name];
          }
          Object.assign(payload, claims);
          Object.assign(ownHeader, header);
        },
      }),
  };
  await provider.makeKey("ES256", "first");
  await provider.publish("first");
  return provider;
}

/** Client ID and secret of the server at a TokenProvider. */
export const introspector = { id: "mdps", secret: "secret-of-mdps" };

/** Audience of the tokens of a TokenProvider. */
export const resource = "urn:test:mobile-data-plan-sharing";

/** An identity provider that issues opaque tokens: oidc-provider. */
export type TokenProvider = Front & {
  readonly issuer: string;
  readonly introspectionEndpoint: string;
  /** Returns the number of introspection requests. */
  introspections(): number;
  /** Resolves when this many introspection requests have arrived in total. */
  asked(count: number): Promise<void>;
  /** Requests a token by client credentials, valid for an hour. Client `visitor` has no ASN. */
  token(init?: {
    client?: "acme" | "visitor";
    scopes?: readonly string[];
    resource?: string;
  }): Promise<string>;
  /** Revokes a token (RFC 7009). */
  revoke(token: string): Promise<void>;
};

const introspectionPath = "/token/introspection";
const clients = ["acme", "visitor"].map((id) => ({ id, secret: `secret-of-${id}` }));
const tokenSeconds = 3600;

/** Starts oidc-provider on a free port. Tokens of `acme` carry `asns: [65001]`. */
export async function startTokenProvider(): Promise<TokenProvider> {
  let listener: RequestListener = (_, response) => response.writeHead(503).end();
  const front = await startFront(() => listener);
  listener = quietly(() => new Provider(front.url, configuration()).callback());

  async function post(path: string, client: string, form: Record<string, string>): Promise<Response> {
    const secret = clients.find(({ id }) => id === client)?.secret;
    const response = await fetch(front.url + path, {
      method: "POST",
      headers: { authorization: `Basic ${Buffer.from(`${client}:${secret}`).toString("base64")}` },
      body: new URLSearchParams(form),
    });
    if (!response.ok) {
      throw new Error(`${path} answered ${response.status} ${await response.text()}`);
    }
    return response;
  }

  return {
    ...front,
    issuer: front.url,
    introspectionEndpoint: front.url + introspectionPath,
    introspections: () => front.countOf(introspectionPath),
    asked: (count) => front.reached(introspectionPath, count),
    async token({ client = "acme", scopes = [pushScope, readScope], resource: asked } = {}) {
      const response = await post("/token", client, {
        grant_type: "client_credentials",
        scope: scopes.join(" "),
        ...(asked && { resource: asked }),
      });
      return ((await response.json()) as { access_token: string }).access_token;
    },
    async revoke(token) {
      await post("/token/revocation", "acme", { token });
    },
  };
}

function configuration(): Configuration {
  return {
    clients: [...clients, introspector].map(({ id, secret }) => ({
      client_id: id,
      client_secret: secret,
      grant_types: ["client_credentials"],
      response_types: [],
      redirect_uris: [],
    })),
    scopes: [pushScope, readScope],
    cookies: { keys: ["test"] },
    ttl: { ClientCredentials: tokenSeconds },
    extraTokenClaims: (_, token) => (token.clientId === "acme" ? { asns: [65001] } : undefined),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: (_, client) => client.clientId === introspector.id },
      revocation: { enabled: true, allowedPolicy: () => true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        getResourceServerInfo: (_, audience) => ({
          scope: `${pushScope} ${readScope}`,
          audience,
          accessTokenFormat: "opaque",
          accessTokenTTL: tokenSeconds,
        }),
      },
    },
  };
}

/** Silences the warning of oidc-provider that tokens are stored in memory. */
function quietly<Result>(start: () => Result): Result {
  const { info, warn } = console;
  console.info = () => {};
  console.warn = () => {};
  try {
    return start();
  } finally {
    Object.assign(console, { info, warn });
  }
}
