import { type ProgramLine, quoted } from "../program-line.ts";

/** What the emulator says when it is ready. */
export type BannerInit = {
  readonly url: string;
  readonly operator: number;
  /** Valid for an hour of the emulator's clock. */
  readonly token: string;
  readonly program: ProgramLine;
  /** URL of the store, without a password. */
  readonly store: string;
  /** Data directory, if commands need it because it is not the default. */
  readonly data: string | undefined;
  /** Time of a clock that is not that of the machine. */
  readonly now: Date | undefined;
  readonly anyToken: boolean;
  readonly exposeControl: boolean;
  /** Certificate of the port. */
  readonly tlsCert: string | undefined;
};

/** Longest directory that is shown, in characters, so that the banner fits a terminal of 80 columns and 24 lines. */
const maxShown = 120;

const guide =
  "https://github.com/mobile-data-plan-sharing/mobile-data-plan-sharing/blob/main/docs/emulator.md";

/** Returns the banner: where the emulator is, a command that pushes an example, and where to look. */
export function banner(init: BannerInit): string {
  const { url, store, program, anyToken, exposeControl, now } = init;
  return [
    `The emulator listens on ${url}${now ? `; it is ${now.toISOString()}` : ""}`,
    storeLine(store),
    ...(anyToken ? ["ANY TOKEN IS ACCEPTED, and none as well, because of --any-token."] : []),
    ...(exposeControl ? ["ANY MACHINE MAY CONTROL IT, because of --expose-control."] : []),
    "",
    `Push an example, in another terminal${program.isClone ? " in this directory" : ""}:`,
    pushLine(init),
    "",
    `Console  ${url}/`,
    `Guide    ${program.isClone ? "docs/emulator.md" : guide}`,
  ].join("\n");
}

function storeLine(store: string): string {
  if (store === "memory:") {
    return "Records are in memory: they end with the emulator. Keep them with --persist.";
  }
  const [, directory] = /^sqlite:(.*)$/.exec(store) ?? [];
  return `Records survive a restart, in ${shortened(directory ?? store.replace(/^(\w+):.*/s, "$1"))}`;
}

/** Returns the command that pushes an example. It needs nothing but a shell, curl and this program. */
export function pushLine(init: BannerInit): string {
  const { url, operator, program, anyToken, now, tlsCert } = init;
  const example = `${program.words} example${now ? ` --now ${now.toISOString()}` : ""}`;
  const path = `/v1/operators/${operator}/clients/mobiledataplan/users/a%2Fb%2Bc%3D%3D/planStatus`;
  return [
    `${example} | curl -sS -d @-`,
    ...(tlsCert === undefined ? [] : [`--cacert ${quoted(tlsCert)}`]),
    "-H 'Content-Type: application/json'",
    ...(anyToken ? [] : [`-H "Authorization: Bearer ${tokenIn(init)}"`]),
    quoted(url + path),
  ].join(" ");
}

/**
 * Returns the token, or a command that prints a fresh one: only on the clock of the machine, and only if it is short. The
 * command is part of a text in double quotes.
 */
function tokenIn({ token, program, operator, data, now }: BannerInit): string {
  const where = data === undefined ? "" : ` --data ${quoted(data)}`;
  return now !== undefined || where.length > maxShown
    ? token
    : `$(${program.words} token --operator ${operator}${where})`;
}

function shortened(text: string): string {
  const half = maxShown / 2;
  return text.length <= maxShown ? text : `${text.slice(0, half)}…${text.slice(-half)}`;
}
