import { describe, expect, it } from "vitest";
import { isPrivateFile } from "../../src/contract/private-file.ts";

const root = 0;
const program = 65532;

describe.skipIf(process.platform === "win32")("a file with a secret (Windows has no permission bits)", () => {
  it.each([
    { mode: 0o100600, uid: program, kept: true },
    { mode: 0o100400, uid: program, kept: true },
    { mode: 0o100640, uid: program, kept: false },
    { mode: 0o100604, uid: program, kept: false },
    { mode: 0o100400, uid: root, kept: true },
    { mode: 0o100440, uid: root, kept: true },
    { mode: 0o100640, uid: root, kept: true },
    { mode: 0o100660, uid: root, kept: false },
    { mode: 0o100444, uid: root, kept: false },
  ])("of user $uid with mode $mode is kept from others: $kept", ({ mode, uid, kept }) => {
    expect(isPrivateFile({ mode, uid }, program)).toBe(kept);
  });

  it("that root itself uses is for root alone", () => {
    expect(isPrivateFile({ mode: 0o100600, uid: root }, root)).toBe(true);
    expect(isPrivateFile({ mode: 0o100640, uid: root }, root)).toBe(false);
  });
});
