import type { Command } from "commander";
import { parentOf } from "../../contract/resource-names.ts";
import type { ClientChoice, RecordOptions } from "../../push/input/push-request.ts";
import { parseAsn } from "./parse-options.ts";

/** Options of `push` and `validate` about the records of their input. */
export type RecordFlags = { operator?: number; client?: ClientChoice; userKeyField?: string };

/** Adds the options about records to a command. */
export function withRecordOptions(command: Command): Command {
  return command
    .option("--operator <asn>", "operator of records without a parent", parseAsn)
    .addOption(
      command
        .createOption(
          "--client <client>",
          "client of records without one; any applies to all clients without a status of their own",
        )
        .choices(["mobiledataplan", "youtube", "any"]),
    )
    .option(
      "--user-key-field <name>",
      "field with the user key, if each record is a PlanStatus with such a field added",
    );
}

/** Converts the options about records for the parser of records. */
export function recordOptionsOf({ operator, client, userKeyField }: RecordFlags): RecordOptions {
  return { parent: operator === undefined ? undefined : parentOf(operator), client, userKeyField };
}
