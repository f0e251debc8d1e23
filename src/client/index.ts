import "../contract/require-node.ts";

/** The client: typed methods over every protocol, Google's credentials, and functions that build and check a status. */
export {
  createPlanSharingClient,
  type PlanSharingClient,
  type PlanSharingClientOptions,
} from "./client.ts";
export {
  type GoogleCredentialsOptions,
  googleCredentials,
} from "./credentials/google-credentials.ts";
export type { ServiceAccountKeyFile } from "./credentials/key-file.ts";
export type { GoogleEndpoint } from "./endpoint.ts";
export type { Attempt } from "./retry-interceptor.ts";
export type { Pacing, RetryOptions } from "./retry-policy.ts";
export type { TokenRequest, TokenSource } from "./token-source.ts";
export type { PlanSharingProtocol } from "./transport.ts";
export * from "./without-node.ts";
