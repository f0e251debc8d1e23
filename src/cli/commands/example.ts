import { Argument, type Command, Option } from "commander";
import { systemClock } from "../../contract/clock.ts";
import { clientIds, parentOf } from "../../contract/resource-names.ts";
import { closestMatch, didYouMean } from "../../contract/unknown-names/did-you-mean.ts";
import { type Example, exampleNames, examples, findExample } from "../../examples/index.ts";
import { newCommand } from "../options/new-command.ts";
import { parseAsn, parseTime, parseUrl } from "../options/parse-options.ts";
import { UsageError } from "../usage-error.ts";

type ExampleFlags = {
  list?: true;
  record?: true;
  operator: number;
  client: string;
  userKey: string;
  now?: Date;
  endpoint?: string;
};

/** `mdps example`: prints a valid body with current times, to push it or to change it. */
export function exampleCommand(): Command {
  const command = newCommand("example");
  const name = new Argument("[name]", "name of the example").default(examples[0]?.name);
  // For help and completion only: the command suggests the name that was perhaps meant.
  name.argChoices = [...exampleNames];
  return command
    .description("print a valid plan status with current times, as the body of a push")
    .addArgument(name)
    .option("--list", "list the examples")
    .option("--record", "print one line for mdps push and mdps validate, with operator, client and user key")
    .option("--operator <asn>", "operator of the record", parseAsn, 65001)
    .addOption(
      command
        .createOption("--client <client>", "client of the record; any leaves it out")
        .choices([...clientIds, "any"])
        .default(clientIds[0]),
    )
    .option("--user-key <key>", "user key of the record", "a/b+c==")
    .option(
      "--now <time>",
      "time that the times of the example are relative to; by default the current time",
      parseTime,
    )
    .addOption(
      // Without a variable: MDPS_ENDPOINT, which other commands read, is often not an emulator.
      new Option(
        "--endpoint <url>",
        "URL of an emulator whose clock has the current time, if it was set; not from the environment",
      ).argParser(parseUrl),
    )
    .addHelpText(
      "after",
      `
Examples:
  mdps example --list
  mdps example out-of-data | curl -sS -d @- -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
    http://127.0.0.1:8080/v1/operators/65001/clients/mobiledataplan/users/a%2Fb%2Bc%3D%3D/planStatus
  mdps example --record | mdps push - --endpoint http://127.0.0.1:8080`,
    )
    .action(printExample);
}

async function printExample(name: string, flags: ExampleFlags): Promise<void> {
  if (flags.list) {
    console.log(listOfExamples());
    return;
  }
  const example = requireExample(name);
  const body = example.body(await timeOf(flags));
  if (!flags.record) {
    // The body of a plan group has its id, because the path has not.
    const request = example.kind === "planGroup" ? { planGroupId: flags.userKey, planGroup: body } : body;
    console.log(JSON.stringify(request, undefined, 2));
    return;
  }
  if (example.kind === "planGroup") {
    throw new UsageError(`--record: ${name} is a plan group, and mdps push only sends plan statuses`);
  }
  const { operator, client, userKey } = flags;
  const clientId = client === "any" ? undefined : client;
  console.log(JSON.stringify({ parent: parentOf(operator), clientId, userKey, planStatus: body }));
}

/** Returns the time that an example is for. */
async function timeOf({ now, endpoint }: ExampleFlags): Promise<Date> {
  if (now !== undefined && endpoint !== undefined) {
    throw new UsageError("--now and --endpoint must not be used together: both set the time");
  }
  return now ?? (endpoint === undefined ? new Date(systemClock.now()) : await readClock(endpoint));
}

/** Longest wait for the clock of an emulator, in ms. */
const clockTimeoutMs = 10_000;

async function readClock(url: string): Promise<Date> {
  try {
    const response = await fetch(`${url}/emulator/v1/clock`, { signal: AbortSignal.timeout(clockTimeoutMs) });
    const { time } = (await response.json()) as { time?: unknown };
    return parseTime(String(time));
  } catch {
    throw new UsageError(`--endpoint ${url}: does not answer with the time of its clock; is it mdps dev?`);
  }
}

function requireExample(name: string): Example {
  const example = findExample(name);
  if (example === undefined) {
    const suggestion = didYouMean(closestMatch(name, exampleNames));
    throw new UsageError(
      `there is no example ${JSON.stringify(name)}${suggestion}\nThe examples are ${exampleNames.join(", ")}`,
    );
  }
  return example;
}

/** Returns one line for each example: its name, what the user has, and the notifications of its push. */
function listOfExamples(): string {
  const width = Math.max(...exampleNames.map(({ length }) => length));
  return examples
    .map(({ name, summary, notifications }) => {
      const sent = notifications.length === 0 ? "" : ` (sends ${notifications.join(", ")})`;
      return `${name.padEnd(width)}  ${summary}${sent}`;
    })
    .join("\n");
}
