import type { Command } from "commander";
import { systemClock } from "../../../contract/clock.ts";
import { clientIds } from "../../../contract/resource-names.ts";
import { type UnknownFields, unknownFieldsModes } from "../../../contract/unknown-names/unknown-fields.ts";
import { type KeyType, keyTypes } from "../../../pull/target-url.ts";
import { keyDisplay } from "../../../push/run/mask.ts";
import {
  type AgentFlags,
  type CredentialFlags,
  credentialsOf,
  runCheck,
  withAgentOptions,
  withCredentialOptions,
} from "../../options/agent-options.ts";
import { newCommand } from "../../options/new-command.ts";
import { readCertificates } from "../../options/option-files.ts";
import { parseSeconds } from "../../options/parse-options.ts";
import { print } from "../../text/print.ts";
import { errorsIn, maskReport, pullJson, pullText } from "../../text/pull-report.ts";

type PullFlags = AgentFlags &
  CredentialFlags & {
    dpa: string;
    userKey: string;
    keyType: KeyType;
    client: string;
    eligibility?: string | true;
    unknownFields: UnknownFields;
    clockSkew: number;
  };

/** `mdps dev pull`: pulls a plan status from a Data Plan Agent as Google does, and reports every violation. */
export function pullCommand(): Command {
  const command = newCommand("pull");
  command
    .description("pull a plan status from your Data Plan Agent as Google does, and report every violation")
    .requiredOption("--dpa <url>", "URL of the agent, before /{userKey}/planStatus")
    .requiredOption("--user-key <key>", "CPID or phone number, not encoded")
    .addOption(
      command.createOption("--key-type <type>", "what the user key is").choices(keyTypes).default("CPID"),
    )
    .addOption(
      command
        .createOption("--client <id>", "application that asks")
        .choices(clientIds)
        .default("mobiledataplan"),
    );
  return withAgentOptions(withCredentialOptions(command))
    .option(
      "--eligibility [plan-id]",
      "also ask which plans the user may buy, or whether this is one of them",
    )
    .option("--clock-skew <seconds>", "how far in the future an updateTime may be", parseSeconds(0), 60)
    .addOption(
      command
        .createOption(
          "--unknown-fields <mode>",
          "fields and enum values that the contract does not know: refuse the status, warn, or ignore them",
        )
        .choices(unknownFieldsModes)
        .default("refuse"),
    )
    .addHelpText(
      "after",
      `
A status is pulled twice, because a cache must not answer the second time.

Exit codes:
  0  no errors; there may be warnings. An error that Google documents, such as 404 INVALID_NUMBER, is a warning
  1  at least one error
  2  the command is invalid

Examples:
  MDPS_DPA_TOKEN=… mdps dev pull --dpa https://dpa.example.com/v1 --user-key 'a/b+c=='
  mdps dev pull --dpa https://dpa.example.com/v1 --user-key 491701234567 --key-type MSISDN \\
    --token-url https://auth.example.com/token --oauth-client google.json --json`,
    )
    .action((flags: PullFlags) => runCheck(() => pull(flags)));
}

/** Resolves with the number of errors. */
async function pull(flags: PullFlags): Promise<number> {
  // Loaded on demand because other commands do not need it.
  const { pullPlanStatus } = await import("../../../pull/pull-plan-status.ts");
  const { userKey, eligibility, reveal } = flags;
  const report = await pullPlanStatus({
    dpaUrl: flags.dpa,
    userKey,
    keyType: flags.keyType,
    clientId: flags.client,
    credentials: await credentialsOf(flags),
    eligibility:
      eligibility === undefined ? undefined : { planId: eligibility === true ? undefined : eligibility },
    language: flags.language,
    unknownFields: flags.unknownFields,
    ca: await readCertificates(flags.ca),
    timeoutMs: flags.timeout * 1000,
    clockSkewMs: flags.clockSkew * 1000,
  });
  const display = keyDisplay(reveal ?? false);
  const shown = maskReport(report, userKey, display);
  const heading = `user ${display.key(userKey)} · client ${flags.client}`;
  print(flags.json, pullJson(shown, reveal ?? false), pullText(shown, heading, systemClock.now()));
  return errorsIn(report.findings);
}
