import { styleText } from "node:util";
import { toJson } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type Command, InvalidArgumentError, type Option } from "commander";
import { type PlanStatus, PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { readError } from "../../client/index.ts";
import { systemClock } from "../../contract/clock.ts";
import { clientIds, parentOf } from "../../contract/resource-names.ts";
import { keyDisplay, maskKey } from "../../push/run/mask.ts";
import { withServerCredentials } from "../options/credential-options.ts";
import { addDataOption } from "../options/data-directory.ts";
import { newCommand } from "../options/new-command.ts";
import { caOption } from "../options/option-files.ts";
import { parseAsn } from "../options/parse-options.ts";
import { protocolOption } from "../options/protocol-option.ts";
import { createReadClient, type ReadOptions } from "../options/read-client.ts";
import { programLine } from "../program-line.ts";
import { planCard } from "../text/plan-card.ts";
import { visibleLines } from "../text/print.ts";
import { UsageError } from "../usage-error.ts";

type GetOptions = ReadOptions & { client: string; includeUiIncompatible?: true; json?: true; reveal?: true };

/** `mdps get`: shows the stored status of one user. */
export function getCommand(): Command {
  const command = newCommand("get");
  const withData = addDataOption(
    command,
    "data directory of the server, to create a token if no credentials are given",
  );
  return withServerCredentials(withData, "read")
    .description("show the stored plan status of one user")
    .argument("<user-key>", "CPID or phone number as pushed, not encoded")
    .requiredOption("--operator <asn>", "Autonomous System Number of the operator", parseAsn)
    .addOption(clientOption(command))
    .option("--endpoint <url>", "URL of the server", "http://127.0.0.1:8080")
    .addOption(protocolOption(command, "protocol of the request"))
    .option(...caOption)
    .option("--include-ui-incompatible", "include a status that must not be shown to the user")
    .option("--json", "print the status as JSON")
    .option("--reveal", "print user keys unmasked")
    .addHelpText(
      "after",
      "\nExamples:\n  mdps get --operator 65001 'a/b+c=='\n" +
        "  MDPS_TOKEN=… mdps get --operator 65001 --endpoint https://mdps.example.com --json 491700000001",
    )
    .action(get);
}

/** Creates the option `--client`, whose variable may be set for a push, which has one more choice. */
function clientOption(command: Command): Option {
  const option = command.createOption("--client <id>", "application to read as").choices(clientIds);
  return option.default("mobiledataplan").argParser((text: string) => {
    if (clientIds.some((id) => id === text)) {
      return text;
    }
    const choices = clientIds.join(", ");
    throw new InvalidArgumentError(
      text === "any"
        ? `Push takes it, but a status is read as one application: pass one of them with --client, ${choices}.`
        : `Allowed choices are ${choices}.`,
    );
  });
}

async function get(userKey: string, options: GetOptions, command: Command): Promise<void> {
  const { operator, client: clientId, includeUiIncompatible = false, reveal } = options;
  if (/^operators\/\d+\/planStatuses\//.test(userKey)) {
    throw new UsageError(
      "<user-key>: is the name of a status; pass the user key that it ends in, with %2F as / and %25 as %",
    );
  }
  const display = keyDisplay(reveal ?? false);
  const { client, shown } = await createReadClient(
    options,
    (name) => command.getOptionValueSource(name) === "cli",
  );
  const status = await client
    .getUserPlanStatus({ parent: parentOf(operator), clientId, userKey, includeUiIncompatible })
    .catch((error: unknown) => {
      throw error instanceof ConnectError
        ? new UsageError(display.text(callErrorText(error, operator, shown), userKey))
        : error;
    });
  if (options.json) {
    console.log(visibleLines(JSON.stringify(statusJson(status, reveal), undefined, 2)));
    return;
  }
  const card = planCard(status, {
    heading: `user ${display.key(userKey)} · operator ${operator} · client ${clientId}`,
    nowMs: systemClock.now(),
    // Node omits the colors if the output is not a terminal or NO_COLOR is set.
    paint: (style, text) => styleText(style, text, { stream: process.stdout }),
  });
  process.stdout.write(card);
}

function statusJson(status: PlanStatus, reveal?: boolean): object {
  const json = toJson(PlanStatusSchema, status) as { name?: string };
  return reveal ? json : { ...json, name: json.name?.replace(/[^/]*$/, maskKey) };
}

function callErrorText(error: ConnectError, operator: number, shown: (text: string) => string): string {
  const { status, reason, message, violations } = readError(error);
  const { words } = programLine();
  const mayRead = `create one that may read: ${words} token --operator ${operator} --access read`;
  const hint =
    reason === "SCOPE_INSUFFICIENT"
      ? `. The token may only push; ${mayRead}, or a key file: ${words} service-account create --operator ${operator} --access both --out key.json`
      : error.code === Code.Unauthenticated
        ? `. Is the token for this server? If it is one of this project, ${mayRead}`
        : "";
  const rest =
    violations.length > 1
      ? `\n${violations.map(({ field, description }) => `  ${shown(`${field}: ${description}`)}`).join("\n")}`
      : "";
  return `${status}: ${shown(message)}${hint}${rest}`;
}
