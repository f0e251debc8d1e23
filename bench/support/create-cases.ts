import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { makeToken } from "../../src/cli/make-token.ts";
import { buildGoPeer, startGoPeer, whyNoGoPeers } from "./go-peer.ts";
import type { Load } from "./lane.ts";
import * as loads from "./loads.ts";
import { type Peer, startPeer } from "./peer.ts";

/** A row: a server and what is sent to it. */
export type Case = {
  readonly name: string;
  /** Starts the server. Cases with the same one share it. */
  readonly server: Server;
  readonly load: Load;
  /** Sent for some seconds before, so that the server has what the load reads. Defaults to nothing. */
  readonly first?: Load;
  /** What the cost should be at most, as a multiple of the base. */
  readonly target?: number;
};

/** How a server is started, with the flags of Node if wanted. */
export type Server = (flags?: readonly string[]) => Promise<Peer>;

const node =
  (script: string, ...args: string[]): Server =>
  (flags) =>
    startPeer(script, args, flags);

const bare = node("bare-http.ts");

/** What all costs are multiples of. */
export const base: Case = {
  name: "bare `node:http`: parses and writes the JSON",
  server: bare,
  load: loads.restCreate("none"),
};

/** A data directory with the server that uses it and its tokens. */
export type Mdps = { readonly server: Server; readonly token: string; readonly readToken: string };

/** Prepares a server with its own data directory in a folder, which runs in this Node or another one. */
export async function prepareMdps(
  folder: string,
  name: string,
  execPath?: string,
): Promise<Mdps & { directory: string }> {
  const directory = join(folder, name);
  mkdirSync(directory);
  const [token, readToken] = [
    await makeToken(directory, 65001, "push"),
    await makeToken(directory, 65001, "read"),
  ];
  const server: Server = (flags) => startPeer("mdps-server.ts", [directory], flags, execPath);
  return { directory, server, token, readToken };
}

/** Returns the server's rows. */
export function mdpsCases({ server, token, readToken }: Mdps): Case[] {
  const create = loads.restCreate(token);
  const read = loads.restRead(readToken);
  return [
    { name: "REST create", server, load: create, target: 4 },
    { name: "Connect create, JSON", server, load: loads.connectJsonCreate(token), target: 4 },
    { name: "Connect create, binary", server, load: loads.connectCreate(token), target: 3 },
    { name: "gRPC create", server, load: loads.grpcCreate(token), target: 3 },
    { name: "gRPC-Web create", server, load: loads.grpcWebCreate(token), target: 3 },
    { name: "REST read", server, load: read, first: { ...create, users: read.users }, target: 2.5 },
  ];
}

/** Returns a server in Go for its arguments. */
export type GoServer = (...args: string[]) => Server;

/** Returns the servers in Go, built in a folder when the first one starts; undefined if they cannot be built here. */
export function prepareGo(folder: string): GoServer | undefined {
  const missing = whyNoGoPeers();
  if (missing !== undefined) {
    console.warn(`connect-go, grpc-go, grpc-gateway and Vanguard are skipped: ${missing}.`);
    return undefined;
  }
  let program: string | undefined;
  return (...args) =>
    () => {
      program ??= buildGoPeer(folder);
      return startGoPeer(program, args);
    };
}

const none = "none";
const grpcJs = node("grpc-js.ts");

/** Returns the rows of libraries without rules and store. */
export function peerCases(go: GoServer | undefined): Case[] {
  const connect = node("connect-node.ts");
  return [
    {
      name: "`src/transcoding/` alone: REST create",
      server: node("transcoding-only.ts"),
      load: loads.restCreate(none),
      target: 2.5,
    },
    { name: "Fastify: REST create, JSON only", server: node("fastify.ts"), load: loads.restCreate(none) },
    { name: "connect-node: Connect create, JSON", server: connect, load: loads.connectJsonCreate(none) },
    { name: "connect-node: Connect create, binary", server: connect, load: loads.connectCreate(none) },
    {
      name: "connect-node: gRPC create",
      server: node("connect-node.ts", "http2"),
      load: loads.grpcCreate(none),
    },
    { name: "connect-node: gRPC-Web create", server: connect, load: loads.grpcWebCreate(none) },
    { name: "grpc-js: gRPC create", server: grpcJs, load: loads.grpcCreate(none) },
    ...(go === undefined ? [] : goCases(go)),
  ];
}

function goCases(go: GoServer): Case[] {
  const connect = go("connect");
  return [
    { name: "connect-go: Connect create, JSON", server: connect, load: loads.connectJsonCreate(none) },
    { name: "connect-go: Connect create, binary", server: connect, load: loads.connectCreate(none) },
    { name: "connect-go: gRPC create", server: connect, load: loads.grpcCreate(none) },
    { name: "Vanguard: REST create", server: go("vanguard"), load: loads.plainRestCreate() },
    { name: "grpc-go: gRPC create", server: go("grpc"), load: loads.grpcCreate(none) },
  ];
}

/** Returns rows of servers that all check the rules of the contract, and keep the statuses in a map. */
export function sameWorkCases(go: GoServer | undefined): Case[] {
  const own = node("same-work.ts");
  return [
    { name: "handlers of the server: REST create", server: own, load: loads.restCreate(none), target: 2.5 },
    {
      name: "handlers of the server: Connect create, JSON",
      server: own,
      load: loads.connectJsonCreate(none),
    },
    { name: "handlers of the server: Connect create, binary", server: own, load: loads.connectCreate(none) },
    { name: "handlers of the server: gRPC create", server: own, load: loads.grpcCreate(none), target: 1.5 },
    {
      name: "grpc-js with the same rules: gRPC create",
      server: node("grpc-js.ts", "checked"),
      load: loads.grpcCreate(none),
    },
    { name: "grpc-js without rules and map: gRPC create", server: grpcJs, load: loads.grpcCreate(none) },
    ...(go === undefined ? [] : checkedGoCases(go)),
  ];
}

function checkedGoCases(go: GoServer): Case[] {
  return [
    {
      name: "grpc-gateway with protovalidate: REST create",
      server: go("-checked", "gateway"),
      load: loads.plainRestCreate(),
    },
    {
      name: "Vanguard with protovalidate: REST create",
      server: go("-checked", "vanguard"),
      load: loads.plainRestCreate(),
    },
    {
      name: "grpc-go with protovalidate: gRPC create",
      server: go("-checked", "grpc"),
      load: loads.grpcCreate(none),
    },
  ];
}

/** Returns rows for plans of several sizes, and for the bare server with the same bodies. */
export function planCases({ server, token }: Mdps): Case[] {
  return [10, 50].flatMap((modules) => {
    const target = modules === 50 ? { target: 8 } : {};
    return [
      {
        name: `bare \`node:http\`, modules: ${modules}`,
        server: bare,
        load: loads.restCreate("none", modules),
      },
      { name: `REST create, modules: ${modules}`, server, load: loads.restCreate(token, modules), ...target },
      { name: `gRPC create, modules: ${modules}`, server, load: loads.grpcCreate(token, modules), ...target },
    ];
  });
}

/** Returns rows for a store that has a record of each user. */
export function storeCases({ server, token }: Mdps, users: number): Case[] {
  const text = `users: ${users.toLocaleString("en")}`;
  return [
    { name: `REST create, ${text}`, server, load: { ...loads.restCreate(token), users } },
    { name: `gRPC create, ${text}`, server, load: { ...loads.grpcCreate(token), users } },
  ];
}
