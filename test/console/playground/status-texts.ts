import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { examples } from "../../../src/examples/index.ts";
import { mutate } from "../../fuzz/mutate.ts";
import { createRandom } from "../../fuzz/random.ts";
import { statusJson } from "../../support/messages.ts";
import { editedJson } from "../../transcoding/fixtures/edited-json.ts";

/**
 * Generates texts of statuses that are pushed at a time: the examples and statuses that satisfy every rule or most of them,
 * with values spelled otherwise, keys renamed or doubled, and characters changed, so that some are no JSON.
 */
export function statusTexts(nowMs: number): fc.Arbitrary<string> {
  const bodies = examples
    .filter(({ kind }) => kind === "planStatus")
    .map(({ body }) => body(new Date(nowMs)));
  const statuses = statusJson({
    updateTime: timestampFromMs(nowMs - 1),
    expireTime: timestampFromMs(nowMs + 3_600_000),
  });
  const texts = editedJson(fc.oneof(fc.constantFrom(...bodies), statuses));
  const changed = fc.tuple(texts, fc.nat()).map(([text, changes]) => mutate(text, createRandom(changes)));
  const all = fc.oneof({ weight: 3, arbitrary: texts }, { weight: 1, arbitrary: changed });
  // The emulator reads no larger ones.
  return all.filter((text) => Buffer.byteLength(text) <= 1024 * 1024);
}
