import type { ServerLimits } from "../limits/server-limits.ts";

/** The limits on connections and on the arrival of requests. */
export type ListenerLimits = Pick<
  ServerLimits,
  | "maxHeaderBytes"
  | "maxConnections"
  | "maxConcurrentStreams"
  | "headerTimeoutMs"
  | "bodyTimeoutMs"
  | "idleTimeoutMs"
>;
