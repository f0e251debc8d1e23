/** The client: typed methods over every protocol, and Google's credentials for them. */
export {
  createPlanSharingClient,
  type PlanSharingClient,
  type PlanSharingClientOptions,
  type PlanSharingProtocol,
} from "./client.ts";
export {
  type GoogleCredentialsOptions,
  googleCredentials,
  type ServiceAccountKeyFile,
} from "./google-credentials.ts";
