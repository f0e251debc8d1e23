import { examples } from "../../../examples/index.ts";
import type { BuiltInScenario } from "./built-in-scenario.ts";

/** Returns the phone number of a user, counted from 1. */
function userKey(number: number): string {
  return `4917000000${String(number).padStart(2, "0")}`;
}

/** Scenarios of stored statuses. */
export const recordScenarios: readonly BuiltInScenario[] = [
  {
    id: "subscribers",
    description: `A user in each state: one for every example, ${userKey(1)} to ${userKey(examples.length)} in the order of mdps example --list.`,
    content: {
      records: examples.map(({ name, kind }, index) =>
        kind === "planGroup"
          ? { planGroupId: userKey(index + 1), example: name }
          : { clientId: "mobiledataplan", userKey: userKey(index + 1), example: name },
      ),
    },
  },
  {
    id: "expiring",
    description: `Users whose statuses expire after ten seconds (${userKey(1)}), a minute (${userKey(2)}) and an hour (${userKey(3)}), on a frozen clock: advance it.`,
    content: {
      clock: { mode: "FROZEN" },
      records: ["+10s", "+1m", "+1h"].map((expireTime, index) => ({
        clientId: "mobiledataplan",
        userKey: userKey(index + 1),
        planStatus: {
          languageCode: "en-US",
          updateTime: "now",
          expireTime,
          title: `expires ${expireTime}`,
        },
      })),
    },
  },
  {
    id: "unregistered",
    description: `Registration is enforced, and only ${userKey(1)} has registered: pushes that would notify others are rejected.`,
    content: {
      registration: { enforced: true },
      devices: [{ userKey: userKey(1) }],
    },
  },
];
