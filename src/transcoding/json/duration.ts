import { create } from "@bufbuild/protobuf";
import { type Duration, DurationSchema } from "@bufbuild/protobuf/wkt";

const form = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/;
const maxNanos = 315_576_000_000n * 1_000_000_000n;

/** Parses a duration in proto3 JSON, such as `1.5s`. Returns undefined for any other text, such as `1.5seconds`. */
export function parseDuration(text: string): Duration | undefined {
  const match = form.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, sign, whole = "", fraction = ""] = match;
  const seconds = BigInt(whole);
  const nanos = Number(fraction.padEnd(9, "0"));
  if (seconds * 1_000_000_000n + BigInt(nanos) > maxNanos) {
    return undefined;
  }
  const duration = create(DurationSchema);
  duration.seconds = sign === "-" ? -seconds : seconds;
  duration.nanos = sign === "-" ? 0 - nanos : nanos;
  return duration;
}
