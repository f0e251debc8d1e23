import type { PlanSharingProtocol } from "../../client/index.ts";
import type { ErrorLimit } from "../../push/push-run.ts";
import type { RecordFlags } from "./record-options.ts";

/** The flags of `mdps push`. */
export type PushFlags = RecordFlags & {
  endpoint?: string;
  protocol: PlanSharingProtocol;
  credentials?: string;
  token?: string;
  rate?: number;
  concurrency: number;
  maxErrors?: ErrorLimit;
  patience: number;
  runs: string;
  resume?: string;
  retryFailed?: string;
  dryRun?: true;
  json?: true;
  reveal?: true;
};
