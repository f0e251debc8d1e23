import { shellQuoted } from "../snippets/shell.ts";

type TokenLineInit = {
  /** Where the emulator is, such as `http://127.0.0.1:8080`. */
  readonly origin: string;
  /** Such as `operators/65001`. */
  readonly operator: string;
  readonly token: string;
};

/** Returns the command that creates a fault. */
export function faultLine(origin: string, json: string): string {
  return `curl -sS ${origin}/emulator/v1/faults -H 'Content-Type: application/json' -d ${shellQuoted(json)}`;
}

/** Returns a command that pushes the smallest valid status. Its times are valid around `nowMs`. */
export function pushLine(init: TokenLineInit & { readonly nowMs: number }): string {
  const time = (ms: number) => new Date(ms).toISOString().replace(/\.\d+/, "");
  const body = {
    languageCode: "en-US",
    updateTime: time(init.nowMs),
    expireTime: time(init.nowMs + 86_400_000),
  };
  return `${readLine(init)} -H 'Content-Type: application/json' -d ${shellQuoted(JSON.stringify(body))}`;
}

/** Returns a command that reads the status that {@link pushLine} pushes. */
export function readLine({ origin, operator, token }: TokenLineInit): string {
  const url = `${origin}/v1/${operator}/clients/mobiledataplan/users/491700000001/planStatus`;
  return `curl -sS ${url} -H 'Authorization: Bearer ${token}'`;
}
