/** One push: the status that is sent and must be read back. */
export type Push = {
  readonly userKey: string;
  /** Its updateTime, in microseconds since the epoch; unique per history. */
  readonly version: number;
  /** Unique title, from user key and version. */
  readonly title: string;
};

/** A status as read from the server. */
export type StoredStatus = Pick<Push, "version" | "title">;

/** The pushes that were sent and acknowledged, to be compared with what is stored afterwards. */
export type PushHistory = {
  /** Returns the next push of a user, later than all before. From then on, it may be stored. */
  next(userKey: string): Push;
  /** Marks a push as acknowledged by the server. */
  acknowledge(push: Push): void;
  /** Every user with at least one push. */
  userKeys(): string[];
  /** Number of users with an acknowledged push. */
  acknowledgedUsers(): number;
  /** Returns a problem for each status that is lost, older than an acknowledged one, or was never sent. */
  compare(found: ReadonlyMap<string, StoredStatus>): string[];
};

type User = {
  /** Latest acknowledged version; 0 for none. */
  acknowledged: number;
  /** Sent versions, from the acknowledged one on. */
  readonly sent: Set<number>;
};

/** Creates an empty history, whose updateTimes follow the clock `nowMs`. */
export function createPushHistory(nowMs: () => number = Date.now): PushHistory {
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
        // Reading back an older one is a problem from now on.
        if (sent < version) {
          user.sent.delete(sent);
        }
      }
    },
    userKeys: () => [...users.keys()],
    acknowledgedUsers: () => [...users.values()].filter(({ acknowledged }) => acknowledged > 0).length,
    compare(found) {
      const problems: string[] = [];
      for (const [userKey, { acknowledged }] of users) {
        if (acknowledged > 0 && !found.has(userKey)) {
          problems.push(`${userKey}: lost; version ${acknowledged} was acknowledged`);
        }
      }
      for (const [userKey, status] of found) {
        const problem = problemOf(userKey, status, users.get(userKey));
        if (problem !== undefined) {
          problems.push(`${userKey}: ${problem}`);
        }
      }
      return problems;
    },
  };
}

function problemOf(
  userKey: string,
  { version, title }: StoredStatus,
  user: User | undefined,
): string | undefined {
  if (user === undefined) {
    return "exists, but was never sent";
  }
  if (version < user.acknowledged) {
    return `has version ${version}, but ${user.acknowledged} was acknowledged`;
  }
  if (!user.sent.has(version)) {
    return `has version ${version}, which was never sent`;
  }
  return title === titleOf(userKey, version)
    ? undefined
    : `differs from what was sent with version ${version}: ${title}`;
}

function titleOf(userKey: string, version: number): string {
  return `${userKey} at ${version}`;
}
