/** Error codes of the CQL protocol, native_protocol_v5.spec section 8. */
export const errorCode = {
  badCredentials: 0x0100,
  unavailable: 0x1000,
  writeTimeout: 0x1100,
  readTimeout: 0x1200,
  invalid: 0x2200,
} as const;

type Detailed = Error & {
  code?: unknown;
  innerErrors?: Record<string, unknown>;
  alive?: number;
  required?: number;
  received?: number;
  blockFor?: number;
};

/** Returns the code that a node answered with; undefined for an error of the driver or of a socket. */
export function errorCodeOf(error: unknown): number | undefined {
  const { code } = Object(error) as Detailed;
  return typeof code === "number" ? code : undefined;
}

/** Returns what an error stands for: what each node answered if none could be used, else the error itself. */
export function causesOf(error: unknown): readonly unknown[] {
  const { innerErrors } = Object(error) as Detailed;
  return innerErrors ? Object.values(innerErrors) : [error];
}

/** Says in one line why a statement failed: for each node, if no node could be used. */
export function reasonOf(error: unknown): string {
  const { innerErrors } = Object(error) as Detailed;
  if (!innerErrors) {
    return ofOne(error);
  }
  const nodes = Object.entries(innerErrors);
  // Of nodes that it knows to be down, the driver does not even try one.
  if (nodes.length === 0) {
    return "every node is down";
  }
  return `no node could be used (${nodes.map(([node, cause]) => `${node}: ${ofOne(cause)}`).join("; ")})`;
}

function ofOne(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  const { message, alive, required, received, blockFor }: Detailed = error;
  switch (errorCodeOf(error)) {
    case errorCode.unavailable:
      return `no quorum: of the replicas ${required} are needed and ${alive} are up`;
    case errorCode.writeTimeout:
    case errorCode.readTimeout:
      return `too slow: of the replicas ${blockFor} are needed and ${received} have answered in time`;
    default:
      return message;
  }
}
