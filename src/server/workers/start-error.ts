/** Raised when the first worker does not start; the worker itself reports why. */
export class WorkerStartError extends Error {
  override readonly name = "WorkerStartError";
}
