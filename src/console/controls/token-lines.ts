type LineInit = {
  /** Where the emulator is, such as `http://127.0.0.1:8080`. */
  readonly origin: string;
  /** Such as `operators/65001`. */
  readonly operator: string;
  readonly token: string;
};

const userKey = "491700000001";

/** Returns a command that pushes the smallest valid status. Its times are valid around `nowMs`. */
export function pushLine({ origin, operator, token, nowMs }: LineInit & { readonly nowMs: number }): string {
  const time = (ms: number) => new Date(ms).toISOString().replace(/\.\d+/, "");
  const body = JSON.stringify({
    languageCode: "en-US",
    updateTime: time(nowMs),
    expireTime: time(nowMs + 86_400_000),
  });
  return [
    `curl -sS ${origin}/v1/${operator}/clients/mobiledataplan/users/${userKey}/planStatus`,
    `-H 'Authorization: Bearer ${token}'`,
    "-H 'Content-Type: application/json'",
    `-d '${body}'`,
  ].join(" \\\n  ");
}

/** Returns a command that reads the status that {@link pushLine} has pushed. */
export function readLine({ origin, operator, token }: LineInit): string {
  return [
    `curl -sS ${origin}/v1/${operator}/clients/mobiledataplan/users/${userKey}/planStatus`,
    `-H 'Authorization: Bearer ${token}'`,
  ].join(" \\\n  ");
}
