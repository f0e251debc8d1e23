import { exampleStatus } from "../examples/index.ts";
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
