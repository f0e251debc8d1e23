import { fromBinary } from "@bufbuild/protobuf";
import { beforeAll, describe, expect, it } from "vitest";
import { methodOf } from "../../vectors/case.ts";
import { readVectors } from "../../vectors/read-vectors.ts";
import { checkBytes, checkJson, checkMessage, type Subject } from "./compare.ts";
import { contractSubjects, fixtureSubjects, fuzzCodecs } from "./fuzz-codecs.ts";

/** Requests whose JSON is left to the reader of all messages: they have a number with an exponent, or are nested deep. */
const unusual: readonly string[] = [
  "information for the Android system, of every kind of JSON value",
  "objects 32 levels deep",
];
const requests = readVectors().cases.filter(({ response }) => response !== undefined);

describe("the codecs of the contract", () => {
  let subjects: readonly Subject[];
  beforeAll(async () => {
    subjects = await contractSubjects();
  });

  it("answer like protobuf-es and the readers that they replace", () => {
    const { findings, refused } = fuzzCodecs(subjects, { seed: 1, cases: 3_000 });
    expect(findings).toEqual([]);
    // JSON of large numbers is left to the reader of all messages.
    const ofValid = Object.keys(refused).filter((key) => /^valid (?:message|bytes)/.test(key));
    expect(ofValid).toEqual([]);
  });

  it.each(requests)("read and write an accepted request without slower code: $name", (each) => {
    const subject = subjects.find(({ desc }) => desc === methodOf(each).input) as Subject;
    const bytes = Buffer.from(each.requestBinary, "base64");
    expect([
      checkBytes(subject, bytes),
      checkMessage(subject, fromBinary(subject.desc, bytes)),
      checkJson(subject, JSON.stringify(each.request)),
    ]).toEqual([
      { differences: [], refused: [] },
      { differences: [], refused: [] },
      { differences: [], refused: unusual.includes(each.name) ? ["readJson"] : [] },
    ]);
  });
});

describe("the codecs of messages with fields of every kind", () => {
  it("answer like protobuf-es and the readers that they replace", async () => {
    const { cases: counts, findings } = fuzzCodecs(await fixtureSubjects(), { seed: 1, cases: 1_000 });
    expect(findings).toEqual([]);
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(0);
  });
});
