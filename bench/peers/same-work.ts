import { createContextValues } from "@connectrpc/connect";
import { type Principal, principalKey } from "../../src/auth/principal.ts";
import { errorDomain, isFailure } from "../../src/contract/api-error.ts";
import { systemClock } from "../../src/contract/clock.ts";
import { contractCodecs, contractTypes } from "../../src/contract/contract-types.ts";
import { sharedContractRules } from "../../src/plans/contract-rules.ts";
import { listLimitOf } from "../../src/plans/list-limits.ts";
import { listen } from "../../src/server/connections/listener.ts";
import { createRpcHandler } from "../../src/server/rpc/handler.ts";
import { createRoutes } from "../../src/services/routes.ts";
import { openMemoryStore } from "../../src/store/memory/store.ts";
import { createTranscodingHandler } from "../../src/transcoding/index.ts";
import { reportToParent } from "./report.ts";

// The port, the handlers, the services and the rules of the server, with a map as its store. What `startServer` adds is
// left out: the check of tokens, admission, request ids, log and metrics. Every caller may act for the operator of the load.
const caller: Principal = { account: "bench", asns: new Set([65001]), scopes: new Set() };
const statuses = new Map<string, Uint8Array>();
const routes = createRoutes({
  store: {
    ...openMemoryStore(),
    async put({ key, value }) {
      statuses.set(`${key.asn}/${key.clientId}/${key.id}`, value);
      return { outcome: "stored" };
    },
  },
  clock: systemClock,
  clockSkewMs: 60_000,
  rules: sharedContractRules(),
  stopping: new AbortController().signal,
  ready: async () => undefined,
});
const common = {
  routes,
  registry: contractTypes,
  codecs: contractCodecs,
  readMaxBytes: 1024 * 1024,
  contextValues: () => createContextValues().set(principalKey, caller),
};
const rpc = createRpcHandler(common);
const rest = createTranscodingHandler({ ...common, isFailure, listLimits: listLimitOf, errorDomain });
const { url } = await listen({ host: "127.0.0.1", port: 0 }, (request, response) =>
  rpc.serves(request.url ?? "", request.headers["content-type"])
    ? rpc.handle(request, response)
    : rest(request, response),
);
reportToParent(url);
