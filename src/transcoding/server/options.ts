import type { ConnectRouter } from "@connectrpc/connect";
import type { CallOptions } from "./call/wire.ts";
import type { CorsOptions } from "./cors.ts";
import type { NodeRequest } from "./node-http.ts";
import type { RestRouteOptions } from "./routes.ts";

export type TranscodingOptions = CallOptions &
  RestRouteOptions & {
    /** Registers the services, as for connectNodeAdapter. */
    routes: (router: ConnectRouter) => void;
    /** Allows pages of other origins to call. By default, browsers block such calls. */
    cors?: CorsOptions;
    /** Largest request body, in decompressed bytes. Defaults to 1 MiB. */
    readMaxBytes?: number;
    /** Time in which a request body must arrive, in milliseconds. Defaults to 30,000. */
    bodyTimeoutMs?: number;
    /** Longest request target, in characters. Defaults to 8,192. */
    maxTargetLength?: number;
    /** Smallest response that is compressed if the caller accepts it, in bytes. Defaults to 1,024. */
    compressMinBytes?: number;
    /**
     * Returns what is probably wrong with the path of a request that no method has, or undefined. The caller gets it, so it
     * must not contain the path.
     */
    explainUnknownPath?: (rawPath: string) => string | undefined;
    /** `ErrorInfo.domain` of errors that this library raises. Defaults to `transcoding`. */
    errorDomain?: string;
    /** Additional headers of the response to a request. */
    responseHeaders?: (request: NodeRequest) => Readonly<Record<string, string>>;
  };
