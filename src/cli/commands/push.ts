import { existsSync } from "node:fs";
import { styleText } from "node:util";
import type { Command } from "commander";
import { endpointOf } from "../../client/endpoint.ts";
import { InputError } from "../../push/input/input-error.ts";
import type { Stop } from "../../push/pipeline.ts";
import { pushRun, summaryOfFinished } from "../../push/push-run.ts";
import { exitCodeOf, exitCodes, type Summary, summaryText } from "../../push/report/summary.ts";
import { withServerCredentials } from "../options/credential-options.ts";
import { defaultRunsDirectory } from "../options/data-directory.ts";
import { newCommand } from "../options/new-command.ts";
import { caOption } from "../options/option-files.ts";
import {
  parseCount,
  parseEndpoint,
  parseErrorLimit,
  parseRate,
  parseSeconds,
} from "../options/parse-options.ts";
import { protocolOption } from "../options/protocol-option.ts";
import { accessOf } from "../options/push-access.ts";
import { chooseRun, type PushFlags, type RunToPush } from "../options/push-run-choice.ts";
import { withRecordOptions } from "../options/record-options.ts";
import { finishWithoutReader } from "../output-errors.ts";
import { resumeCommand } from "../program-line.ts";
import { UsageError } from "../usage-error.ts";
import { runValidate } from "./validate.ts";

/** `mdps push`: pushes every record of a file. A stopped run can be resumed. */
export function pushCommand(): Command {
  const command = newCommand("push");
  return withServerCredentials(withRecordOptions(command), "push")
    .description("push every record of a file; a stopped run can be resumed")
    .argument(
      "[file]",
      "NDJSON, a JSON array, or CSV with --map, optionally .gz or .zst; - for standard input",
    )
    .option("--endpoint <where>", "production, preproduction, or the URL of a server", parseEndpoint)
    .addOption(protocolOption(command, "protocol of the endpoint; Google's hosts support rest only"))
    .option(...caOption)
    .option("--rate <number>", "maximum number of requests per second", parseRate)
    .option(
      "--concurrency <number>",
      "maximum number of requests in flight; fewer are sent while the server is slow",
      parseCount,
      128,
    )
    .option(
      "--max-errors <limit>",
      "stop when more records than this are rejected: a number, or a percentage such as 5%",
      parseErrorLimit,
    )
    .option("--patience <seconds>", "stop after this long without a successful request", parseSeconds(1), 600)
    .option("--runs <directory>", "directory of the runs", defaultRunsDirectory())
    .option("--resume <run>", "resume a run: its directory, or its name below --runs")
    .option("--retry-failed <run>", "push the rejected records of a finished run again, in a new run")
    .option("--dry-run", "validate only, as mdps validate does; nothing is sent")
    .option("--json", "print the summary as JSON")
    .option("--reveal", "write user keys unmasked")
    .addHelpText("after", help)
    .action(push);
}

const help = `
A run directory contains the settings, a checkpoint that is written every 100 ms, the rejected records unchanged
(rejected.ndjson, which can be pushed again), their reasons (rejected-reasons.ndjson), and summary.json.

Exit codes:
    0  every record was pushed, or a newer status of its user was already stored
    1  the command, the file or the run is invalid, or the input could not be read to its end
    2  the run is finished, but records were rejected
    3  stopped by --max-errors
    4  stopped: the access token was rejected, or may not push, and so was a new one
    5  stopped: no request succeeded for the time given by --patience
    6  stopped: the run directory cannot be written, for example because the disk is full
    7  stopped: the endpoint is not usable as it is: the URL is wrong, the certificate is not trusted, the host name is
       unknown, or another server answers
  130  interrupted by Ctrl-C
  143  interrupted by SIGTERM
For exit codes 3 to 143, the printed command resumes the run. A run that ends before any record is done is removed.

The proxy in HTTPS_PROXY is used, as http://USER:PASSWORD@HOST:PORT, unless NO_PROXY names the host of the endpoint.

Examples:
  mdps push statuses.ndjson --endpoint production --credentials key.json --operator 65001 --client mobiledataplan
  mdps push subscribers.json.gz --endpoint https://mdps.example.com --user-key-field msisdn --operator 65001 --client any --rate 500
  mdps push export.csv --map mapping.yaml --time-zone Europe/Berlin --endpoint https://mdps.example.com
  mdps push --resume 2026-11-22T08-00-00
  mdps push --retry-failed 2026-11-22T08-00-00`;

async function push(file: string | undefined, flags: PushFlags, command: Command): Promise<void> {
  const ways = [file, flags.resume, flags.retryFailed].filter((way) => way !== undefined);
  if (ways.length !== 1) {
    throw new UsageError(
      ways.length === 0
        ? "nothing to push: pass a file (- for standard input), --resume RUN or --retry-failed RUN"
        : "a file, --resume RUN and --retry-failed RUN: pass one of the three",
    );
  }
  const { endpoint, protocol } = flags;
  if (endpoint !== undefined && protocol !== "rest" && endpointOf(endpoint).google) {
    throw new UsageError(`Google's hosts support --protocol rest only, not ${protocol}`);
  }
  if (flags.dryRun) {
    if (file === undefined) {
      throw new UsageError("--dry-run requires a file");
    }
    process.exitCode = await runValidate(file, { ...flags, clockSkew: 60 });
    return;
  }
  // The exit code says how the run ended, also if nobody reads the summary.
  finishWithoutReader();
  const isGiven = (name: string) => command.getOptionValueSource(name) === "cli";
  const chosen = await chooseRun(file, flags, isGiven, (settings) => accessOf(settings, flags, isGiven));
  try {
    process.exitCode =
      "last" in chosen
        ? report(await summaryOfFinished(chosen.run, chosen.last), flags)
        : await pushAndReport(chosen, flags);
  } finally {
    if ("input" in chosen) {
      chosen.input?.close();
    }
    await chosen.run.release();
  }
  if (process.exitCode === exitCodes.interrupted || process.exitCode === 143) {
    // Google's library cannot give up a request for a token. One to a host that hangs would keep the process for a minute.
    process.stdout.write("", () => process.exit());
  }
}

/** Prints the summary of a run and returns the exit code. */
function report(summary: Summary, { json }: PushFlags): number {
  const strong = (text: string, isGood: boolean) =>
    styleText(isGood ? "green" : "red", text, { stream: process.stdout });
  console.log(json === undefined ? summaryText(summary, strong) : JSON.stringify(summary));
  return exitCodeOf(summary);
}

/** Pushes a run, prints its summary and resolves with the exit code. */
async function pushAndReport({ run, input, access }: RunToPush, flags: PushFlags): Promise<number> {
  const interrupted = new AbortController();
  let signalled: NodeJS.Signals | undefined;
  const interrupt = (signal: NodeJS.Signals) => {
    if (signalled !== undefined) {
      // A second signal ends at once. The files of the run are consistent at any moment.
      process.exit(signal === "SIGTERM" ? 143 : 130);
    }
    signalled = signal;
    interrupted.abort({ cause: "interrupted", message: `by ${signal}` } satisfies Stop);
  };
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
  try {
    const summary = await pushRun(run, {
      input,
      ...access,
      concurrency: flags.concurrency,
      rate: flags.rate,
      maxErrors: flags.maxErrors,
      reveal: flags.reveal !== undefined,
      progress: process.stderr,
      resumeCommand: resumeCommand(run.path),
      signal: interrupted.signal,
      stallTimeoutMs: flags.patience * 1000,
    });
    const exitCode = report(summary, flags);
    return summary.end === "interrupted" && signalled === "SIGTERM" ? 143 : exitCode;
  } catch (error) {
    if (error instanceof InputError && existsSync(run.path)) {
      throw new InputError(`${error.message}. To resume the run: ${resumeCommand(run.path)}`);
    }
    throw error;
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}
