import type * as Memory from "../../src/push/memory.ts";
import type * as ValidateInput from "../../src/push/validate-input.ts";

// Before anything else is loaded, as in the command line.
const { keepMemorySmall } = (await import("../../dist/src/push/memory.js" as string)) as typeof Memory;
keepMemorySmall();
const { validateInput } = (await import(
  "../../dist/src/push/validate-input.js" as string
)) as typeof ValidateInput;

/** The message that a validator sends at its end. */
export type ValidatorResult = {
  readonly records: number;
  readonly seconds: number;
  readonly cpuMicros: number;
};

// `mdps validate` without its command line. The only argument is the file.
const beganAt = performance.now();
const { records, invalid } = await validateInput(process.argv[2] ?? "", {
  record: { parent: "operators/65001", client: "mobiledataplan" },
  clockSkewMs: 60_000,
  reveal: false,
  report: () => undefined,
});
if (invalid > 0) {
  throw new Error(`${invalid} of ${records} records are invalid`);
}
const { user, system } = process.cpuUsage();
process.send?.({
  records,
  seconds: (performance.now() - beganAt) / 1000,
  cpuMicros: user + system,
} satisfies ValidatorResult);
process.disconnect?.();
