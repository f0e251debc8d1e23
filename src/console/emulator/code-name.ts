import { type Code, CodeSchema } from "#deps/google/rpc/code_pb.js";

/** Returns the name of a canonical code, such as `INVALID_ARGUMENT`. */
export function codeName(code: number): string {
  return CodeSchema.value[code as Code]?.name ?? `code ${code}`;
}
