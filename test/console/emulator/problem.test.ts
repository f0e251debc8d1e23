import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { ErrorReason } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { gone, problemOf } from "../../../src/console/emulator/problem.ts";
import { apiError, invalidFields } from "../../../src/contract/api-error.ts";

describe("the problem of a failed call of the console", () => {
  it("has the message and the violations of the emulator", () => {
    const problem = problemOf(
      invalidFields([{ field: "fault.delay", description: "must be from 0s to 600s" }]),
    );
    expect(problem).toEqual({
      message: "fault.delay: must be from 0s to 600s",
      violations: [{ field: "fault.delay", description: "must be from 0s to 600s" }],
    });
  });

  it("says that the emulator does not answer if the error is not of the emulator", () => {
    for (const cause of [
      new TypeError("Failed to fetch"),
      new ConnectError("Failed to fetch", Code.Unavailable),
    ]) {
      expect(problemOf(cause).message).toBe("the emulator does not answer: Failed to fetch");
    }
  });
});

describe("a deletion", () => {
  it("succeeds if what it deletes is gone, and fails for any other reason", () => {
    expect(() => gone(apiError(ErrorReason.EMULATOR_RESOURCE_NOT_FOUND, { message: "gone" }))).not.toThrow();
    expect(() => gone(new TypeError("Failed to fetch"))).toThrow("Failed to fetch");
  });
});
