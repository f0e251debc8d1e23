import { StoreOpenError } from "../plan-store.ts";

/** The address of a cluster, with credentials. */
export type CqlAddress = {
  /** At least one node, by name or address, which returns the addresses of the others. */
  readonly contactPoints: readonly string[];
  /** Port of every node, because nodes only return addresses. */
  readonly port: number;
  readonly keyspace: string;
  /** Name in the cluster of the data centre whose nodes serve this server and form its quorum. */
  readonly dc: string;
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
  /** Files in PEM; without `ca`, certificates must be signed by an authority that Node trusts. */
  readonly tls: Readonly<Record<"ca" | "cert" | "key", string | undefined>> | undefined;
};

const form =
  "cql://[USER:PASSWORD@]HOST[,HOST…][:PORT]/KEYSPACE?dc=DC[&tls=true[&ca=FILE][&cert=FILE&key=FILE]]";

// An @ or # within a password would move the borders, and a message might quote a part of the password.
const parts = /^cql:\/\/(?:([^/?#@]*)@)?([^/?#@]*)\/([^/?#@]*)(?:\?([^#@]*))?$/;

/** Port of the CQL protocol. */
const defaultPort = 9042;

const known: ReadonlySet<string> = new Set(["dc", "tls", "ca", "cert", "key"]);

/**
 * Parses the URL of a CQL store. The URL class does not support a list of hosts.
 *
 * Raises StoreOpenError, which never quotes a possible user name or password.
 */
export function parseCqlUrl(url: string): CqlAddress {
  const match = parts.exec(url);
  if (!match) {
    throw invalid(
      "is invalid (in user name, password and options, percent-encode all characters except letters and digits)",
    );
  }
  const [, login, hosts = "", keyspace = "", query = ""] = match;
  if (!/^[a-z][a-z0-9_]{0,47}$/.test(keyspace)) {
    throw invalid(
      `has the invalid keyspace "${keyspace}": it must have 1 to 48 of a-z, 0-9 and _, and begin with a letter`,
    );
  }
  const options = optionsIn(query);
  const dc = options.get("dc");
  if (!dc) {
    throw invalid("has no dc=…, the data centre of this server (`nodetool status` lists the names)");
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
    // Only the part before the colon: without an @ at the end, it may be a user name and password.
    if (!name) {
      throw invalid(`has the invalid host "${host.replace(/:.*/, ":…")}"`);
    }
    return { name, port };
  });
  const ports = new Set(nodes.flatMap(({ port }) => (port === undefined ? [] : [Number(port)])));
  if (ports.size > 1) {
    throw invalid("has different ports, but all nodes of a cluster have the same");
  }
  const [port = defaultPort] = ports;
  if (port < 1 || port > 65_535) {
    throw invalid("has an invalid port: it must be 1 to 65535");
  }
  return { contactPoints: nodes.map(({ name }) => name), port };
}

function credentialsIn(login: string): { username: string; password: string } {
  const colon = login.indexOf(":");
  if (colon < 1) {
    throw invalid("has a user name without a password, or a password without a user name");
  }
  try {
    return {
      username: decodeURIComponent(login.slice(0, colon)),
      password: decodeURIComponent(login.slice(colon + 1)),
    };
  } catch {
    throw invalid("has an invalid percent-encoding in its user name or password; write %25 for a %");
  }
}

function optionsIn(query: string): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (!known.has(name)) {
      throw invalid(`has the unknown option "${name}"; the options are ${[...known].join(", ")}`);
    }
    if (options.has(name)) {
      throw invalid(`has the option "${name}" twice`);
    }
    options.set(name, value);
  }
  return options;
}

function tlsIn(options: ReadonlyMap<string, string>): CqlAddress["tls"] {
  const tls = options.get("tls") ?? "false";
  if (tls !== "true" && tls !== "false") {
    throw invalid(`has tls=${tls}; use tls=true or tls=false`);
  }
  const [ca, cert, key] = ["ca", "cert", "key"].map((name) => options.get(name));
  if (tls === "true") {
    if ((cert === undefined) !== (key === undefined)) {
      throw invalid("requires cert and key together, or neither");
    }
    return { ca, cert, key };
  }
  if (ca ?? cert ?? key) {
    throw invalid("has ca, cert or key without tls=true");
  }
  return undefined;
}

function invalid(what: string): StoreOpenError {
  return new StoreOpenError(`the URL of the store ${what}; expected ${form}`);
}
