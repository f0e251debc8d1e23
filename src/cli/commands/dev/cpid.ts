import type { Command } from "commander";
import { keyDisplay } from "../../../push/run/mask.ts";
import { type AgentFlags, runCheck, withAgentOptions } from "../../options/agent-options.ts";
import { newCommand } from "../../options/new-command.ts";
import { readCertificates } from "../../options/option-files.ts";
import { print } from "../../text/print.ts";
import { cpidJson, cpidText, errorsIn, maskCpids } from "../../text/pull-report.ts";

type CpidFlags = AgentFlags & { cpid: string; app: string };

/** `mdps dev cpid`: requests CPIDs from an operator's endpoint as applications do, and reports every violation. */
export function cpidCommand(): Command {
  const command = newCommand("cpid");
  command
    .description("request CPIDs from your CPID endpoint as applications do, and report every violation")
    .requiredOption("--cpid <url>", "URL of the CPID endpoint")
    .option("--app <id>", "value of the query parameter app in the third request", "mobiledataplan");
  return withAgentOptions(command)
    .addHelpText(
      "after",
      `
Three requests are made, the third with ?app=…; each must return a new CPID that is valid for at least 14 days.

Exit codes:
  0  no errors; there may be warnings
  1  at least one error
  2  the command is invalid

Example:
  mdps dev cpid --cpid https://cpid.example.com/`,
    )
    .action((flags: CpidFlags) => runCheck(() => check(flags)));
}

/** Resolves with the number of errors. */
async function check(flags: CpidFlags): Promise<number> {
  // Loaded on demand because other commands do not need it.
  const { checkCpidEndpoint } = await import("../../../pull/check-cpid-endpoint.ts");
  const report = await checkCpidEndpoint({
    cpidUrl: flags.cpid,
    app: flags.app,
    language: flags.language,
    ca: await readCertificates(flags.ca),
    timeoutMs: flags.timeout * 1000,
  });
  const shown = maskCpids(report, keyDisplay(flags.reveal ?? false));
  print(flags.json, cpidJson(shown), cpidText(shown));
  return errorsIn(report.findings);
}
