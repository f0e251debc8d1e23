import { type Command, Option } from "commander";
import { parentOf } from "../../contract/resource-names.ts";
import type { ClientChoice, RecordOptions } from "../../push/input/push-request.ts";
import { parseAsn } from "./parse-options.ts";

/** What `push` and `validate` are told about the records of their input. */
export type RecordFlags = { operator?: number; client?: ClientChoice; userKeyField?: string };

/** Adds the flags about records to a command. */
export function withRecordOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--operator <asn>", "operator of records that name no parent")
        .argParser(parseAsn)
        .env("MDPS_OPERATOR"),
    )
    .addOption(
      new Option(
        "--client <client>",
        "client of records that name none; any is for every client that has no status of its own",
      )
        .choices(["mobiledataplan", "youtube", "any"])
        .env("MDPS_CLIENT"),
    )
    .addOption(
      new Option(
        "--user-key-field <name>",
        "each record is a plain PlanStatus, and this member of it has the user key",
      ).env("MDPS_USER_KEY_FIELD"),
    );
}

/** Reads the flags about records. */
export function recordOptionsOf({ operator, client, userKeyField }: RecordFlags): RecordOptions {
  return {
    ...(operator !== undefined && { parent: parentOf(operator) }),
    ...(client !== undefined && { client }),
    ...(userKeyField !== undefined && { userKeyField }),
  };
}
