import { makeToken } from "./make-token.ts";

type QuickStart = { readonly operator: number; readonly token: string; readonly command: string };

/** Creates a token that is valid for one hour, and a shell command that pushes `exampleStatus` with it. */
export async function makeQuickStart(url: string, dataDirectory: string, asn: number): Promise<QuickStart> {
  const token = await makeToken(dataDirectory, asn, false);
  const status = JSON.stringify(exampleStatus(new Date()));
  return {
    operator: asn,
    token,
    command: `curl -sS -X POST '${url}/v1/operators/${asn}/clients/mobiledataplan/users/a%2Fb%2Bc%3D%3D/planStatus' -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/json' -d '${status}'`,
  };
}

/** Formats the quick start for a terminal. */
export function quickStartText({ operator, token, command }: QuickStart): string {
  return `
Token for operator ${operator}, valid for one hour:
${token}

Push a plan status with this command:
${command}
`;
}

/** Returns the status of a prepaid plan with three modules, one of them nearly used up. Times are relative to `now`. */
export function exampleStatus(now: Date): object {
  const after = (days: number) => new Date(now.getTime() + days * 86_400_000).toISOString();
  const common = { expirationTime: after(20), planModuleState: "ACTIVE", refreshPeriod: "MONTHLY" };
  return {
    languageCode: "en-US",
    updateTime: now.toISOString(),
    expireTime: after(1),
    title: "ACME Plan 199",
    plans: [
      {
        planId: "acme-199",
        planName: "ACME Plan 199",
        planCategory: "PREPAID",
        expirationTime: after(20),
        planState: "ACTIVE",
        planModules: [
          {
            ...common,
            moduleName: "Data",
            description: "2 GB for everything",
            trafficCategories: ["GENERIC"],
            overUsagePolicy: "THROTTLED",
            maxRateKbps: "64",
            coarseBalanceLevel: "LOW_QUOTA",
            byteBalance: { quotaBytes: "2147483648", remainingBytes: "214748364" },
          },
          {
            ...common,
            moduleName: "Chat",
            description: "Unlimited chat",
            trafficCategories: ["MESSAGING"],
            byteBalance: { quotaBytes: "9223372036854775807" },
          },
          {
            ...common,
            moduleName: "Music",
            description: "1 GB of music",
            trafficCategories: ["MUSIC"],
            overUsagePolicy: "BLOCKED",
            byteBalance: { quotaBytes: "1073741824", remainingBytes: "800000000" },
          },
        ],
      },
    ],
    accountInfo: {
      accountBalance: { currencyCode: "USD", units: "12", nanos: 500_000_000 },
      accountBalanceStatus: "VALID",
      validUntil: after(90),
    },
  };
}
