import { describe, expect, it } from "vitest";
import { isPrivateFile } from "../../src/contract/private-file.ts";

const root = 0;
const program = 65532;

describe.skipIf(process.platform === "win32")(
  "isPrivateFile (not on Windows, which has no permission bits)",
  () => {
    it.each([
      { mode: 0o100600, uid: program, isPrivate: true },
      { mode: 0o100400, uid: program, isPrivate: true },
      { mode: 0o100640, uid: program, isPrivate: false },
      { mode: 0o100604, uid: program, isPrivate: false },
      { mode: 0o100400, uid: root, isPrivate: true },
      { mode: 0o100440, uid: root, isPrivate: true },
      { mode: 0o100640, uid: root, isPrivate: true },
      { mode: 0o100660, uid: root, isPrivate: false },
      { mode: 0o100444, uid: root, isPrivate: false },
    ])("returns $isPrivate for a file of user $uid with mode $mode", ({ mode, uid, isPrivate }) => {
      expect(isPrivateFile({ mode, uid }, program)).toBe(isPrivate);
    });

    it("allows no group access when the process itself runs as root", () => {
      expect(isPrivateFile({ mode: 0o100600, uid: root }, root)).toBe(true);
      expect(isPrivateFile({ mode: 0o100640, uid: root }, root)).toBe(false);
    });
  },
);
