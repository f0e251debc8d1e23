/** One kind of request. `UUUUUUUU` in the path and in the body stands for the number of a user, in eight digits. */
export type Load = {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Defaults to `http1`. */
  readonly over?: "http1" | "http2";
  /** Where a response has its `grpc-status`, which must be 0: in trailers, or at the end of the body. Defaults to nowhere. */
  readonly grpcStatus?: "trailer" | "body";
  /** Number of users that the requests rotate through. Defaults to 100,000. */
  readonly users?: number | undefined;
};

/** Sends one request at a time, for a user. Rejects unless the response says that the request succeeded. */
export type Lane = (user: number) => Promise<void>;
export type Lanes = { readonly lanes: readonly Lane[]; close(): void };
