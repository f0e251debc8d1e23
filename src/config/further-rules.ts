import type { ServerConfig } from "../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import { isConfidential } from "../contract/loopback.ts";

/** A rule that is broken, and where. */
export type BrokenRule = { readonly path: string; readonly message: string };

/** Checks what a schema cannot state. */
export function brokenRulesOf(config: ServerConfig): BrokenRule[] {
  return [...endpointFaults(config), ...addressFaults(config), ...rateFaults(config)];
}

function endpointFaults({ auth }: ServerConfig): BrokenRule[] {
  const { jwtIssuers = [], introspection } = auth ?? {};
  return [
    ...jwtIssuers.map(({ jwksUri }, index) => ({ path: `auth.jwtIssuers[${index}].jwksUri`, url: jwksUri })),
    ...(introspection ? [{ path: "auth.introspection.endpoint", url: introspection.endpoint }] : []),
  ]
    .filter(({ url }) => !URL.canParse(url) || !isConfidential(new URL(url)))
    .map(({ path, url }) => ({
      path,
      message: `${url} must be an https URL; http is for this machine alone`,
    }));
}

function addressFaults({ admin }: ServerConfig): BrokenRule[] {
  const port = Number(/:(\d+)$/.exec(admin?.listen ?? "")?.[1] ?? 0);
  return port > 65_535 ? [{ path: "admin.listen", message: "its port must be at most 65535" }] : [];
}

function rateFaults({ limits }: ServerConfig): BrokenRule[] {
  return (limits?.operatorRates ?? []).flatMap(({ rate }, index) =>
    rate && rate.perSecond === undefined
      ? [{ path: `limits.operatorRates[${index}].rate.perSecond`, message: "value is required" }]
      : [],
  );
}
