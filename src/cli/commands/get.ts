import { readFile } from "node:fs/promises";
import { styleText } from "node:util";
import { toJson } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type Command, Option } from "commander";
import { type PlanStatus, PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { readScope } from "../../auth/scopes.ts";
import {
  createPlanSharingClient,
  googleCredentials,
  type PlanSharingProtocol,
  readError,
  type TokenSource,
} from "../../client/index.ts";
import { systemClock } from "../../contract/clock.ts";
import { isLoopback } from "../../contract/loopback.ts";
import { parentOf } from "../../contract/resource-names.ts";
import { maskKey } from "../../push/run/mask.ts";
import { defaultDataDirectory } from "../options/data-directory.ts";
import { newCommand } from "../options/new-command.ts";
import { parseAsn } from "../options/parse-options.ts";
import { planCard } from "../text/plan-card.ts";
import { UsageError } from "../usage-error.ts";
import { makeToken } from "./token.ts";

type GetOptions = {
  operator: number;
  client: string;
  endpoint: string;
  protocol: PlanSharingProtocol;
  credentials?: string;
  token?: string;
  ca?: string;
  data: string;
  includeUiIncompatible?: true;
  json?: true;
  reveal?: true;
};

/** Who reads is another one than who pushes: the scopes differ, and so do the variables for tokens and key files. */
const env = (flags: string, description: string, name: string) => new Option(flags, description).env(name);

/** `mdps get`: shows the status that is stored for one user. */
export function getCommand(): Command {
  return newCommand("get")
    .description("show the plan status that a server of this project has for one user")
    .argument("<user-key>", "CPID or phone number, as it was pushed, not encoded")
    .addOption(
      env("--operator <asn>", "Autonomous System Number of the operator", "MDPS_OPERATOR")
        .argParser(parseAsn)
        .makeOptionMandatory(),
    )
    .addOption(
      env("--client <id>", "the application that would read it", "MDPS_CLIENT")
        .choices(["mobiledataplan", "youtube"])
        .default("mobiledataplan"),
    )
    .addOption(env("--endpoint <url>", "URL of the server", "MDPS_ENDPOINT").default("http://127.0.0.1:8080"))
    .addOption(
      env("--protocol <protocol>", "how to speak to it", "MDPS_PROTOCOL")
        .choices(["connect", "grpc", "grpc-web", "rest"])
        .default("rest"),
    )
    .addOption(env("--ca <file>", "certificates to trust in place of the well-known ones, PEM", "MDPS_CA"))
    .addOption(
      env("--credentials <keyfile>", "key file of a service account that may read", "MDPS_READ_CREDENTIALS"),
    )
    .addOption(
      env(
        "--token <token>",
        "access token instead; others see it unless it is in MDPS_READ_TOKEN",
        "MDPS_READ_TOKEN",
      ),
    )
    .option(
      "--data <directory>",
      "data directory of the server, to make a token from if none is given",
      defaultDataDirectory(),
    )
    .option("--include-ui-incompatible", "also a status that may not be shown to the user")
    .addOption(env("--json", "print the status as JSON", "MDPS_JSON"))
    .addOption(env("--reveal", "show user keys; they are masked otherwise", "MDPS_REVEAL"))
    .addHelpText(
      "after",
      "\nExamples:\n  mdps get --operator 65001 'a/b+c=='\n" +
        "  MDPS_READ_TOKEN=… mdps get --operator 65001 --endpoint https://mdps.example.com --json 491700000001",
    )
    .action(get);
}

async function get(userKey: string, options: GetOptions): Promise<void> {
  const shownKey = options.reveal ? userKey : maskKey(userKey);
  const status = await read(userKey, options).catch((error: unknown) => {
    throw error instanceof ConnectError ? new UsageError(explainCall(error, userKey, shownKey)) : error;
  });
  if (options.json) {
    const json = toJson(PlanStatusSchema, status) as { name?: string };
    const shown = options.reveal ? json : { ...json, name: json.name?.replace(/[^/]*$/, maskKey) };
    console.log(JSON.stringify(shown, undefined, 2));
    return;
  }
  const heading = `user ${shownKey} · operator ${options.operator} · client ${options.client}`;
  const card = planCard(status, {
    heading,
    nowMs: systemClock.now(),
    // Node leaves the colours out where there is no terminal, or NO_COLOR.
    paint: (style, text) => styleText(style, text, { stream: process.stdout }),
  });
  process.stdout.write(card);
}

async function read(userKey: string, options: GetOptions): Promise<PlanStatus> {
  const ca = options.ca === undefined ? {} : { ca: await readFile(options.ca, "utf8") };
  const token = await tokenOf(options);
  const { operator, client: clientId, includeUiIncompatible = false } = options;
  return clientOf({ ...options, ...ca, token }).getUserPlanStatus({
    parent: parentOf(operator),
    clientId,
    userKey,
    includeUiIncompatible,
  });
}

function clientOf({ endpoint, protocol, token, ca }: Parameters<typeof createPlanSharingClient>[0]) {
  try {
    return createPlanSharingClient({ endpoint, token, ...(protocol && { protocol }), ...(ca && { ca }) });
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(`--${error.message}`) : error;
  }
}

async function tokenOf({
  token,
  credentials,
  endpoint,
  data,
  operator,
}: GetOptions): Promise<string | TokenSource> {
  if (token) {
    return token;
  }
  if (credentials) {
    return googleCredentials(credentials, { scopes: [readScope] });
  }
  if (URL.canParse(endpoint) && isLoopback(new URL(endpoint).hostname)) {
    return makeToken(data, operator, true);
  }
  throw new UsageError("who reads? Give --credentials with a key file, or a token in MDPS_READ_TOKEN");
}

function explainCall(error: ConnectError, userKey: string, shownKey: string): string {
  const { status, message, violations } = readError(error);
  const hint = error.code === Code.Unauthenticated ? " (mdps token --operator … --read makes one)" : "";
  const rest =
    violations.length > 1
      ? `\n${violations.map(({ field, description }) => `  ${field}: ${description}`).join("\n")}`
      : "";
  return `${status}: ${message.replaceAll(userKey, shownKey)}${hint}${rest}`;
}
