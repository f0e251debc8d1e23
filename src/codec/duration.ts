import type { Duration } from "@bufbuild/protobuf/wkt";

const form = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/;
const maxSeconds = 315_576_000_000;

/** Parses a duration in proto3 JSON, such as `1.5s`. Returns undefined for any other text, such as `1.5seconds`. */
export function parseDuration(text: string): Duration | undefined {
  const match = form.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, sign, whole, fraction = ""] = match;
  const seconds = Number(whole);
  // The bound is on whole seconds: the fraction may exceed it.
  if (seconds > maxSeconds) {
    return undefined;
  }
  const nanos = Number(fraction.padEnd(9, "0"));
  return {
    $typeName: "google.protobuf.Duration",
    seconds: BigInt(sign === "-" ? -seconds : seconds),
    nanos: sign === "-" ? 0 - nanos : nanos,
  };
}
