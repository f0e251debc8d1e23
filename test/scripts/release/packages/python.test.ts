import { describe, expect, it } from "vitest";
import { pythonVersion } from "../../../../scripts/release/packages/python.ts";

describe("pythonVersion", () => {
  it.each([
    ["1.2.3", "1.2.3"],
    ["0.1.0-alpha.1", "0.1.0a1"],
    ["2.0.0-beta.12", "2.0.0b12"],
    ["10.0.0-rc.0", "10.0.0rc0"],
  ])("pythonVersion writes %s as %s", (version, expected) => {
    expect(pythonVersion(version)).toBe(expected);
  });

  it.each(["1.2", "1.2.3-rc", "1.2.3-next.1", "1.2.3+build", "v1.2.3"])(
    "pythonVersion rejects %s",
    (version) => {
      expect(() => pythonVersion(version)).toThrow(`version ${version}: expected X.Y.Z, or X.Y.Z-alpha.N`);
    },
  );
});
