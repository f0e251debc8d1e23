/**
 * The main entry of the package, for programs under Node: the contract and the client. The server, the transcoding library
 * and the test kit have their own entries.
 */

import "./contract/require-node.ts";

export * from "./client/index.ts";
export * from "./contract-entry.ts";
