import { messageOfFileError } from "../contract/file-error.ts";
import { isServing } from "./handle-signals.ts";

/** Exit code of a program that writes to a pipe without a reader: that of one that SIGPIPE ends, 128 + 13. */
const brokenPipe = 141;

let finishes = false;

/** Lets this process finish its work, with the exit code of the work, if the reader of its output ends. */
export function finishWithoutReader(): void {
  finishes = true;
}

/**
 * Handles errors of both outputs. Without a reader, a program ends at once and without a message, with exit code 141 like
 * others, because nobody needs the rest. Errors of standard error are ignored: there is nowhere else to report them.
 */
export function handleOutputErrors(): void {
  process.stderr.on("error", () => undefined);
  // Without a listener, console.log loses its output on a full disk without an error, and other writers end in a stack
  // trace. A server does not need its standard output.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    const isServer = process.argv[2] === "serve" || isServing();
    if (error.code === "EPIPE") {
      if (!isServer && !finishes) {
        process.exit(brokenPipe);
      }
      return;
    }
    console.error(`mdps: standard output cannot be written: ${messageOfFileError(error)}`);
    if (!isServer) {
      process.exit(1);
    }
  });
}
