import type { TestProject } from "vitest/node";
import { whatIsMissing } from "./cassandra.ts";
import { type ClusterPlace, makeClusterDirectory, startCluster, stopCluster } from "./cluster.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The running cluster, or what this machine lacks for one. */
    cluster: ClusterPlace | string;
  }
}

/** Starts the cluster for all tests of the folder, and removes it afterwards. */
export async function setup({ provide }: TestProject): Promise<(() => void) | undefined> {
  const missing = await whatIsMissing();
  if (missing) {
    console.warn(`The tests with a cluster of Cassandra are skipped: ${missing}.`);
    provide("cluster", missing);
    return undefined;
  }
  const directory = await makeClusterDirectory();
  const stop = () => stopCluster(directory);
  process.once("exit", stop);
  try {
    const { place } = await startCluster(directory);
    provide("cluster", place);
  } catch (error) {
    stop();
    throw error;
  }
  return stop;
}
