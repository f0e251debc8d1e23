/** One create: what is sent, and what must be read back. */
export type Push = {
  readonly userKey: string;
  /** Its updateTime, in microseconds since the epoch; no two pushes have the same. */
  readonly version: number;
  /** Tells it from every other push. */
  readonly title: string;
};

/** A record as it was read from the server. */
export type Found = Pick<Push, "version" | "title">;

/** Remembers what was sent and what was acknowledged, to compare it with what is there afterwards. */
export type Ledger = {
  /** Returns the next push of a user, later than all before; from now on it may be stored. */
  next(userKey: string): Push;
  /** The server has said that it has it. */
  acknowledge(push: Push): void;
  /** Every user who was sent a push for. */
  userKeys(): string[];
  /** How many users have an acknowledged push. */
  acknowledgedUsers(): number;
  /** Compares record by record: returns those that are lost, older than acknowledged, or never were sent. */
  compare(found: ReadonlyMap<string, Found>): string[];
};

type User = {
  /** The latest version that was acknowledged; 0 for none. */
  acknowledged: number;
  /** Versions from the acknowledged one on that were sent. */
  readonly sent: Set<number>;
};

/** Creates an empty ledger. `nowMs` is what the updateTimes follow. */
export function createLedger(nowMs: () => number = Date.now): Ledger {
  const users = new Map<string, User>();
  let last = 0;

  return {
    next(userKey) {
      last = Math.max(last + 1, nowMs() * 1000);
      let user = users.get(userKey);
      if (user === undefined) {
        user = { acknowledged: 0, sent: new Set() };
        users.set(userKey, user);
      }
      user.sent.add(last);
      return { userKey, version: last, title: titleOf(userKey, last) };
    },
    acknowledge({ userKey, version }) {
      const user = users.get(userKey);
      if (user === undefined || version <= user.acknowledged) {
        return;
      }
      user.acknowledged = version;
      for (const sent of user.sent) {
        // Older ones are faults by now, whoever sent them.
        if (sent < version) {
          user.sent.delete(sent);
        }
      }
    },
    userKeys: () => [...users.keys()],
    acknowledgedUsers: () => [...users.values()].filter(({ acknowledged }) => acknowledged > 0).length,
    compare(found) {
      const faults: string[] = [];
      for (const [userKey, { acknowledged }] of users) {
        if (acknowledged > 0 && !found.has(userKey)) {
          faults.push(`${userKey}: lost; ${acknowledged} was acknowledged`);
        }
      }
      for (const [userKey, record] of found) {
        const fault = faultOf(userKey, record, users.get(userKey));
        if (fault !== undefined) {
          faults.push(`${userKey}: ${fault}`);
        }
      }
      return faults;
    },
  };
}

function faultOf(userKey: string, { version, title }: Found, user: User | undefined): string | undefined {
  if (user === undefined) {
    return "is there, but nothing was ever sent for it";
  }
  if (version < user.acknowledged) {
    return `is of ${version}, but ${user.acknowledged} was acknowledged`;
  }
  if (!user.sent.has(version)) {
    return `is of ${version}, which was never sent`;
  }
  return title === titleOf(userKey, version) ? undefined : `is not as it was sent at ${version}: ${title}`;
}

function titleOf(userKey: string, version: number): string {
  return `${userKey} at ${version}`;
}
