import type { Command } from "commander";
import { clientIds, parentOf } from "../../contract/resource-names.ts";
import { closestMatch, didYouMean } from "../../contract/unknown-names/did-you-mean.ts";
import { type UnknownFields, unknownFieldsModes } from "../../contract/unknown-names/unknown-fields.ts";
import { leniencyFor } from "../../push/input/leniency.ts";
import type { RecordOptions } from "../../push/input/push-request.ts";
import { UsageError } from "../usage-error.ts";
import { mappingOf } from "./mapping-option.ts";
import { collect, parseAsn } from "./parse-options.ts";

const clientChoices: readonly string[] = [...clientIds, "any"];

/** Options of `push` and `validate` about the records of their input. */
export type RecordFlags = {
  operator?: number;
  client?: string;
  userKeyField?: string;
  unknownFields?: UnknownFields;
  map?: readonly string[];
  timeZone?: string;
  coerce?: true;
  endpoint?: string;
};

/** Adds the options about records to a command. */
export function withRecordOptions(command: Command): Command {
  const client = command.createOption(
    "--client <client>",
    "client of records without one; any applies to all clients without a status of their own",
  );
  // For help and completion only: whether others are allowed depends on other options.
  client.argChoices = [...clientChoices];
  return command
    .option("--operator <asn>", "operator of records without a parent", parseAsn)
    .addOption(client)
    .option(
      "--user-key-field <name>",
      "field with the user key, if each record is a PlanStatus or PlanGroup with such a field added",
    )
    .addOption(
      command
        .createOption(
          "--unknown-fields <mode>",
          "fields, enum values and clients that the contract does not know: refuse the record, warn, or ignore them; by default warn towards Google's hosts, else refuse",
        )
        .choices(unknownFieldsModes),
    )
    .addOption(
      command
        .createOption(
          "--map <mapping>",
          "the file is CSV: a mapping file, or FIELD=COLUMN,… such as userKey=msisdn,plans[0].planId=tariff; repeatable",
        )
        .argParser(collect(String)),
    )
    .option(
      "--time-zone <zone>",
      "time zone of times in a CSV file that have no offset, such as Europe/Berlin",
    )
    .option("--coerce", "take user keys that are numbers as text, with all their digits");
}

/** Converts the options about records for the parser of records. Throws UsageError for a client that is not known. */
export function recordOptionsOf(flags: RecordFlags): RecordOptions {
  const { operator, client, userKeyField, unknownFields, endpoint } = flags;
  const parent = operator === undefined ? undefined : parentOf(operator);
  const isStrict = leniencyFor(endpoint, unknownFields).unknownFields === "refuse";
  if (client !== undefined && isStrict && !clientChoices.includes(client)) {
    const suggestion = didYouMean(closestMatch(client, clientChoices, 2)) || ".";
    throw new UsageError(
      `--client ${client}: must be one of ${clientChoices.join(", ")}${suggestion} With --unknown-fields warn, any other is accepted too`,
    );
  }
  const own = { parent, client, unknownFields, ...(flags.coerce && { coerce: true }) };
  if (flags.map === undefined) {
    if (flags.timeZone !== undefined) {
      throw new UsageError("--time-zone (MDPS_TIME_ZONE) is for CSV: pass --map too, or leave it out");
    }
    return { ...own, userKeyField };
  }
  const mapping = mappingOf(flags.map, flags.timeZone);
  const hasKey = "userKey" in mapping.fields || "user_key" in mapping.fields || userKeyField === undefined;
  // The rows become request messages, so that this field is a column.
  const fields = hasKey ? mapping.fields : { userKey: { column: userKeyField }, ...mapping.fields };
  return { ...own, mapping: { ...mapping, fields } };
}
