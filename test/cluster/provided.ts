import { inject } from "vitest";
import { type Cluster, clusterAt } from "./cluster.ts";

const provided = inject("cluster");

/** Why the tests of this folder are skipped; empty if they are not. */
export const missing = typeof provided === "string" ? provided : "";

/** The cluster that global-setup.ts has started. Only for use in tests, because it may be missing. */
export const cluster = (typeof provided === "string" ? undefined : clusterAt(provided)) as Cluster;
