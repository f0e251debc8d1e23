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

/** Returns the error code of a node's answer, or undefined for any other error. */
export function errorCodeOf(error: unknown): number | undefined {
  const { code } = Object(error) as Detailed;
  return typeof code === "number" ? code : undefined;
}

/** Returns the errors of each node if no node could be used, otherwise the error itself. */
export function causesOf(error: unknown): readonly unknown[] {
  const { innerErrors } = Object(error) as Detailed;
  return innerErrors ? Object.values(innerErrors) : [error];
}

/** Returns in one line why a statement failed: for each node, if no node could be used. */
export function reasonOf(error: unknown): string {
  const { innerErrors } = Object(error) as Detailed;
  if (!innerErrors) {
    return describe(error);
  }
  const nodes = Object.entries(innerErrors);
  // The driver does not try nodes that it knows to be down.
  if (nodes.length === 0) {
    return "every node is down";
  }
  return `no node could be used (${nodes.map(([node, cause]) => `${node}: ${describe(cause)}`).join("; ")})`;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  const { message, alive, required, received, blockFor }: Detailed = error;
  switch (errorCodeOf(error)) {
    case errorCode.unavailable:
      return `no quorum: ${required} replicas are required and ${alive} are up`;
    case errorCode.writeTimeout:
    case errorCode.readTimeout:
      return `timeout: ${blockFor} replicas are required and ${received} have answered in time`;
    default:
      return message;
  }
}
