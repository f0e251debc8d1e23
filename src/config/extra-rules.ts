import type { ServerConfig } from "../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import { parseNetwork } from "../contract/ip-address.ts";
import { isConfidential } from "../contract/loopback.ts";
import { parseServerUrl } from "../contract/server-url.ts";
import type { Violation } from "./layer.ts";

/** Checks the rules that the schema cannot express. */
export function extraViolations(config: ServerConfig): Violation[] {
  return [
    ...endpointViolations(config),
    ...publicUrlViolations(config),
    ...addressViolations(config),
    ...proxyViolations(config),
    ...rateViolations(config),
  ];
}

function endpointViolations({ auth }: ServerConfig): Violation[] {
  const { jwtIssuers = [], introspection } = auth ?? {};
  return [
    ...jwtIssuers.map(({ jwksUri }, index) => ({ path: `auth.jwtIssuers[${index}].jwksUri`, url: jwksUri })),
    ...(introspection ? [{ path: "auth.introspection.endpoint", url: introspection.endpoint }] : []),
  ]
    .filter(({ url }) => url !== "" && !(URL.canParse(url) && isConfidential(new URL(url))))
    .map(({ path, url }) => ({
      path,
      message: `${url} must be an https URL; http is allowed for loopback addresses only`,
    }));
}

function publicUrlViolations({ auth }: ServerConfig): Violation[] {
  return (auth?.publicUrls ?? []).flatMap((text, index) => {
    const parsed = parseServerUrl(text);
    return "problem" in parsed ? [{ path: `auth.publicUrls[${index}]`, message: parsed.problem }] : [];
  });
}

function addressViolations({ admin }: ServerConfig): Violation[] {
  const port = Number(/:(\d+)$/.exec(admin?.listen ?? "")?.[1] ?? 0);
  return port > 65_535 ? [{ path: "admin.listen", message: "the port must be at most 65535" }] : [];
}

function proxyViolations({ listen }: ServerConfig): Violation[] {
  return (listen?.trustedProxies ?? []).flatMap((text, index) =>
    parseNetwork(text) === undefined
      ? [
          {
            path: `listen.trustedProxies[${index}]`,
            message: `${JSON.stringify(text)} must be an IP address or a network, such as 192.0.2.10 or 10.0.0.0/8; a prefix of 0 bits is not allowed, because every client could then choose its address`,
          },
        ]
      : [],
  );
}

function rateViolations({ limits }: ServerConfig): Violation[] {
  return (limits?.operatorRates ?? []).flatMap(({ rate }, index) =>
    rate && rate.perSecond === undefined
      ? [{ path: `limits.operatorRates[${index}].rate.perSecond`, message: "value is required" }]
      : [],
  );
}
