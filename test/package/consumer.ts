/** Code of a user, with every entry of the package. The package test compiles it against the installed package. */
import {
  createPlanSharingClient,
  ErrorReason,
  type PlanStatus,
  PlanStatusSchema,
  planStatusOf,
  readError,
} from "mobile-data-plan-sharing";
import { validate } from "mobile-data-plan-sharing/client";
import { PlanServingService } from "mobile-data-plan-sharing/gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.js";
import openApi from "mobile-data-plan-sharing/openapi.json" with { type: "json" };
import { type RunningServer, type ServerOptions, startServer } from "mobile-data-plan-sharing/server";
import { createTranscodingHandler } from "mobile-data-plan-sharing/transcoding";
import { createRestTransport } from "mobile-data-plan-sharing/transcoding/client";

const status: PlanStatus = planStatusOf({ languageCode: "en-US", expiresIn: { hours: 1 } });
const title: string = status.title + openApi.info.title + PlanStatusSchema.typeName;
const client = createPlanSharingClient({ endpoint: "production", token: title });
export const named: Promise<string> = client
  .createPlanStatus({ parent: "operators/65001", userKey: "k", planStatus: status })
  .then(
    ({ name }) => name,
    (error) => readError(error).reason ?? "no reason",
  );

export const violations: readonly { field: string }[] = validate(status).violations;
export const options: ServerOptions = { host: "127.0.0.1", port: 0, dataDirectory: "." };
export const server: Promise<RunningServer> = startServer(options);
export const others = [
  createTranscodingHandler,
  createRestTransport,
  PlanServingService.typeName,
  ErrorReason.FIELD_INVALID,
];

// @ts-expect-error a title is a string; without an error the types would be any
status.title = 1;
// @ts-expect-error the URL of a server is a string
export const url: Promise<number> = server.then((running) => running.url);
