import type { Command, Option } from "commander";
import type { PlanSharingProtocol } from "../../client/index.ts";

const protocols: readonly PlanSharingProtocol[] = ["connect", "grpc", "grpc-web", "rest"];

/** Creates the option `--protocol`. */
export function protocolOption(command: Command, description: string): Option {
  return command.createOption("--protocol <protocol>", description).choices(protocols).default("rest");
}
