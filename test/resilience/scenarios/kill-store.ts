import { killRounds } from "../../store/kill/rounds.ts";
import { startPostgresServer, whyNoPostgres } from "../../store/postgres/server.ts";
import type { NotRun, Row, ScenarioContext } from "../scenario.ts";

/** `kill -9` of a program with the SQLite store but without a server, which starts faster and so allows more kills. */
export async function killSqlite(context: ScenarioContext): Promise<Row> {
  const place = await context.directory();
  return killStore("sqlite.ts", place, Math.max(10, Math.round(context.seconds / 2)), "a SQLite store");
}

/** `kill -9` of a program that writes to PostgreSQL, while PostgreSQL keeps running. */
export async function killPostgres(context: ScenarioContext): Promise<Row | NotRun> {
  const whyNot = whyNoPostgres();
  if (whyNot !== undefined) {
    return { notRun: whyNot };
  }
  const postgres = await startPostgresServer();
  context.atEnd(() => postgres.remove());
  const times = Math.max(4, Math.round(context.seconds / 5));
  return killStore("postgres.ts", postgres.url, times, "a store in PostgreSQL");
}

async function killStore(module: string, place: string, times: number, what: string): Promise<Row> {
  let acknowledged = 0;
  const problems = await killRounds({
    module: new URL(`../../store/kill/${module}`, import.meta.url),
    place,
    times,
    onRound: (_, count) => {
      acknowledged = count;
    },
  });
  return {
    action: `${times} times kill -9 of a program with ${what}, at random points, with 64 puts in flight for 500 users`,
    expected: "each acknowledged put, or a later one, is stored; no record is partially written",
    observed: `${acknowledged} acknowledged, ${problems.length} problems`,
    problems,
  };
}
