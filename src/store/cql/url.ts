import { StoreOpenError } from "../plan-store.ts";

/** Where a cluster is, and how to get in. */
export type CqlAddress = {
  /** At least one node, by name or address; the others are learnt from it. */
  readonly contactPoints: readonly string[];
  /** Of every node: what a cluster says of its nodes is their addresses alone. */
  readonly port: number;
  readonly keyspace: string;
  /** Data centre, as the cluster calls it, whose nodes serve this server and form its quorum. */
  readonly dc: string;
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
  /** Files in PEM; without `ca`, certificates must come from an authority that Node trusts. */
  readonly tls:
    | {
        readonly ca: string | undefined;
        readonly cert: string | undefined;
        readonly key: string | undefined;
      }
    | undefined;
};

const form =
  "cql://[USER:PASSWORD@]HOST[,HOST…][:PORT]/KEYSPACE?dc=DC[&tls=true[&ca=FILE][&cert=FILE&key=FILE]]";

// An @ or # within a password would move the borders, and what is quoted might then be a part of it.
const parts = /^cql:\/\/(?:([^/?#@]*)@)?([^/?#@]*)\/([^/?#@]*)(?:\?([^#@]*))?$/;

/** Port of the CQL protocol. */
const defaultPort = 9042;

const known: ReadonlySet<string> = new Set(["dc", "tls", "ca", "cert", "key"]);

/**
 * Reads the URL of a CQL store. Not the URL class: that knows no list of hosts.
 *
 * Raises StoreOpenError, which never quotes what may be a user name or a password.
 */
export function parseCqlUrl(url: string): CqlAddress {
  const match = parts.exec(url);
  if (!match) {
    throw wrong(
      "does not have the right form (of user name, password and options, percent-encode what is not a letter or digit)",
    );
  }
  const [, login, hosts = "", keyspace = "", query = ""] = match;
  if (!/^[a-z][a-z0-9_]{0,47}$/.test(keyspace)) {
    throw wrong(
      `names the keyspace "${keyspace}": it must be 1 to 48 of a-z, 0-9 and _, and begin with a letter`,
    );
  }
  const options = optionsIn(query);
  const dc = options.get("dc");
  if (!dc) {
    throw wrong("lacks dc=…, the data centre of this server (`nodetool status` shows the names)");
  }
  return {
    ...nodesIn(hosts),
    keyspace,
    dc,
    credentials: login === undefined ? undefined : credentialsIn(login),
    tls: tlsIn(options),
  };
}

function nodesIn(hosts: string): Pick<CqlAddress, "contactPoints" | "port"> {
  const nodes = hosts.split(",").map((host) => {
    const [, name, port] = /^([a-zA-Z0-9._-]+|\[[0-9a-fA-F:.]+\])(?::(\d{1,5}))?$/.exec(host) ?? [];
    // Before the colon only: without an @ at its end, a user name and password stand where a host should.
    if (!name) {
      throw wrong(`has "${host.replace(/:.*/, ":…")}" where a host should be`);
    }
    return { name, port };
  });
  const ports = new Set(nodes.flatMap(({ port }) => (port === undefined ? [] : [Number(port)])));
  if (ports.size > 1) {
    throw wrong("has several ports, and a cluster has one for all nodes");
  }
  const [port = defaultPort] = ports;
  if (port < 1 || port > 65_535) {
    throw wrong("has a port that is not one of 1 to 65535");
  }
  return { contactPoints: nodes.map(({ name }) => name), port };
}

function credentialsIn(login: string): { username: string; password: string } {
  const colon = login.indexOf(":");
  if (colon < 1) {
    throw wrong("has a user name without a password, or the reverse");
  }
  try {
    return {
      username: decodeURIComponent(login.slice(0, colon)),
      password: decodeURIComponent(login.slice(colon + 1)),
    };
  } catch {
    throw wrong("has a % in its user name or password that begins no percent-encoding; write %25 for it");
  }
}

function optionsIn(query: string): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (!known.has(name)) {
      throw wrong(`has the option "${name}"; there are ${[...known].join(", ")}`);
    }
    if (options.has(name)) {
      throw wrong(`has the option "${name}" twice`);
    }
    options.set(name, value);
  }
  return options;
}

function tlsIn(options: ReadonlyMap<string, string>): CqlAddress["tls"] {
  const tls = options.get("tls") ?? "false";
  if (tls !== "true" && tls !== "false") {
    throw wrong(`has tls=${tls}; say tls=true or tls=false`);
  }
  const ca = options.get("ca");
  const cert = options.get("cert");
  const key = options.get("key");
  if (tls === "true") {
    if ((cert === undefined) !== (key === undefined)) {
      throw wrong("needs cert and key together, or neither");
    }
    return { ca, cert, key };
  }
  if (ca ?? cert ?? key) {
    throw wrong("has ca, cert or key without tls=true");
  }
  return undefined;
}

function wrong(what: string): StoreOpenError {
  return new StoreOpenError(`the URL of the store ${what}; it is written ${form}`);
}
