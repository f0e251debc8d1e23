import { runBuf } from "../../scripts/run-buf.ts";

/** Writes the contract and `buf/validate` to a folder, for languages whose packages include Google's protos. */
export function exportProtos(folder: string): void {
  runBuf(["export", "proto", "--exclude-imports", "--output", folder]);
  runBuf(["export", "proto-deps", "--path", "proto-deps/buf", "--exclude-imports", "--output", folder]);
}
