import type { ServerLimits } from "../limits/server-limits.ts";

/** Those limits that hold for connections and for how requests arrive. */
export type ListenerLimits = Pick<
  ServerLimits,
  | "maxHeaderBytes"
  | "maxConnections"
  | "maxConcurrentStreams"
  | "headerTimeoutMs"
  | "bodyTimeoutMs"
  | "idleTimeoutMs"
>;
