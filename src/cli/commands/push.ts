import { join, resolve } from "node:path";
import { styleText } from "node:util";
import { type Command, Option } from "commander";
import { InputError } from "../../push/input/input.ts";
import type { Stop } from "../../push/pipeline.ts";
import { pushRun } from "../../push/push-run.ts";
import { exitCodeOf, resumeCommand, writeSummary } from "../../push/report/summary.ts";
import type { RunDirectory } from "../../push/run/run-directory.ts";
import { type AccessTokens, fixedToken, keyFileTokens } from "../../push/send/access-tokens.ts";
import { defaultDataDirectory } from "../options/data-directory.ts";
import { newCommand } from "../options/new-command.ts";
import {
  parseCount,
  parseEndpoint,
  parseErrorLimit,
  parseRate,
  parseSeconds,
} from "../options/parse-options.ts";
import type { PushFlags } from "../options/push-flags.ts";
import { chooseRun } from "../options/push-run-choice.ts";
import { withRecordOptions } from "../options/record-options.ts";
import { UsageError } from "../usage-error.ts";
import { runValidate } from "./validate.ts";

/** `mdps push`: pushes every record of a file, and can go on where it stopped. */
export function pushCommand(): Command {
  const env = (flags: string, description: string, name: string) => new Option(flags, description).env(name);
  return withRecordOptions(newCommand("push"))
    .description("push every record of a file; a run that stops can be resumed")
    .argument("[file]", "NDJSON or a JSON array, also .gz; - for standard input")
    .addOption(
      env(
        "--endpoint <where>",
        "production, preproduction or the URL of a server",
        "MDPS_ENDPOINT",
      ).argParser(parseEndpoint),
    )
    .addOption(
      env("--protocol <protocol>", "Google's hosts speak rest only", "MDPS_PROTOCOL")
        .choices(["connect", "grpc", "grpc-web", "rest"])
        .default("rest"),
    )
    .addOption(env("--credentials <keyfile>", "key file of a service account", "MDPS_CREDENTIALS"))
    .addOption(
      env("--token <token>", "access token instead; others see it unless it is in MDPS_TOKEN", "MDPS_TOKEN"),
    )
    .addOption(env("--rate <number>", "requests a second at most", "MDPS_RATE").argParser(parseRate))
    .addOption(
      env(
        "--concurrency <number>",
        "requests under way at most; fewer while the server is slow",
        "MDPS_CONCURRENCY",
      )
        .argParser(parseCount)
        .default(128),
    )
    .addOption(
      env(
        "--max-errors <limit>",
        "stop when more records are rejected: a number, or a part such as 5%",
        "MDPS_MAX_ERRORS",
      ).argParser(parseErrorLimit),
    )
    .addOption(
      env("--patience <seconds>", "stop when nothing at all went through for so long", "MDPS_PATIENCE")
        .argParser(parseSeconds(1))
        .default(600),
    )
    .addOption(
      env("--runs <directory>", "where runs are kept", "MDPS_RUNS").default(
        join(defaultDataDirectory(), "runs"),
      ),
    )
    .option("--resume <run>", "go on with a run: its directory, or its name below --runs")
    .option("--retry-failed <run>", "push the rejected records of a finished run, in a new run")
    .option("--dry-run", "send nothing: the same as mdps validate")
    .addOption(env("--json", "print the summary as JSON", "MDPS_JSON"))
    .addOption(env("--reveal", "write user keys as they are; they are masked otherwise", "MDPS_REVEAL"))
    .addHelpText("after", help)
    .action(push);
}

const help = `
A run directory has the settings, a checkpoint that is on disk every tenth of a second, the rejected records as they
were (rejected.ndjson, which can be pushed again) with their reasons beside, and summary.json.

Exit codes:
    0  every record was pushed, or a later status of its user was stored already
    1  nothing was begun: the command, the file or the run was wrong; or the input broke off
    2  the run is finished, but records were rejected
    3  stopped by --max-errors
    4  stopped: the access token was not accepted, nor a new one
    5  stopped: nothing went through for the time of --patience
    6  stopped: the run directory cannot be written, for example because the disk is full
  130  interrupted; so is 143, by SIGTERM
After 3 to 143 the printed command goes on with the run.

Examples:
  mdps push statuses.ndjson --endpoint production --credentials key.json --operator 65001 --client mobiledataplan
  mdps push subscribers.json.gz --endpoint https://mdps.example.com --user-key-field msisdn --operator 65001 --client any --rate 500
  mdps push --resume 2026-11-22T08-00-00
  mdps push --retry-failed 2026-11-22T08-00-00`;

async function push(file: string | undefined, flags: PushFlags, command: Command): Promise<void> {
  const ways = [file, flags.resume, flags.retryFailed].filter((way) => way !== undefined);
  if (ways.length !== 1) {
    throw new UsageError("mdps push takes one of a file, --resume RUN and --retry-failed RUN");
  }
  if (flags.dryRun) {
    if (file === undefined) {
      throw new UsageError("--dry-run takes a file");
    }
    process.exitCode = await runValidate(file, { ...flags, clockSkew: 60 });
    return;
  }
  const isGiven = (name: string) => command.getOptionValueSource(name) === "cli";
  const run = await chooseRun(file, flags, isGiven);
  try {
    process.exitCode = await follow(run, flags, isGiven);
  } finally {
    await run.release();
  }
}

async function follow(
  run: RunDirectory,
  flags: PushFlags,
  isGiven: (name: string) => boolean,
): Promise<number> {
  const tokens = tokensOf(flags, isGiven, run.settings.credentials);
  const interrupted = new AbortController();
  let signalled: NodeJS.Signals | undefined;
  const interrupt = (signal: NodeJS.Signals) => {
    if (signalled !== undefined) {
      // Whoever asks twice does not want to wait. What is on disk is right at any moment.
      process.exit(signal === "SIGTERM" ? 143 : 130);
    }
    signalled = signal;
    interrupted.abort({ cause: "interrupted", message: `by ${signal}` } satisfies Stop);
  };
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
  try {
    const summary = await pushRun(run, {
      tokens,
      concurrency: flags.concurrency,
      rate: flags.rate,
      maxErrors: flags.maxErrors,
      reveal: flags.reveal !== undefined,
      progress: process.stderr,
      signal: interrupted.signal,
      stallTimeoutMs: flags.patience * 1000,
    });
    const strong = (text: string, isGood: boolean) =>
      styleText(isGood ? "green" : "red", text, { stream: process.stdout });
    console.log(flags.json === undefined ? writeSummary(summary, strong) : JSON.stringify(summary));
    return summary.end === "interrupted" && signalled === "SIGTERM" ? 143 : exitCodeOf(summary);
  } catch (error) {
    if (error instanceof InputError) {
      throw new InputError(`${error.message}. The run is kept: ${resumeCommand(run.path)}`);
    }
    throw error;
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

/** What is written on the command line comes before the environment, and a key file before a token. */
function tokensOf(
  { credentials, token }: PushFlags,
  isGiven: (name: string) => boolean,
  stored: string | undefined,
): AccessTokens {
  const keyFile = credentials === undefined ? stored : resolve(credentials);
  if (token !== undefined && (keyFile === undefined || isGiven("token") || credentials === undefined)) {
    return fixedToken(token);
  }
  if (keyFile === undefined) {
    throw new UsageError("who pushes? Give --credentials with a key file, or a token in MDPS_TOKEN");
  }
  return keyFileTokens(keyFile);
}
