/** Most milliseconds in eight digits, the longest number that the header allows. */
const maxMs = 99_999_999;

/** Writes whole milliseconds as a value of `grpc-timeout` (gRPC over HTTP/2, "Timeout"): seconds if they are too many. */
export function grpcTimeout(ms: number): string {
  return ms <= maxMs ? `${ms}m` : `${Math.floor(ms / 1_000)}S`;
}
