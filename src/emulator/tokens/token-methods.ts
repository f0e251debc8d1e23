import { create } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { TokenSchema } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { CreateTokenRequestSchema } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import { defaultTokenSeconds } from "../../auth/access-token.ts";
import { pushScope, readScope, readScopeAlias } from "../../auth/scopes.ts";
import { type FieldViolation, quoteName } from "../../contract/field-violation.ts";
import { asnOfParent } from "../../contract/resource-names.ts";
import type { ServerParts } from "../../server/server-extension.ts";
import { latestMs } from "../clock/emulator-clock.ts";
import { durationMsOf } from "../duration-ms.ts";
import type { EmulatorMethods } from "../emulator-methods.ts";
import { requireValid } from "../require-valid.ts";

/** The scopes that a caller may name. */
const scopes: ReadonlyMap<string, string> = new Map([
  ["push", pushScope],
  ["read", readScope],
  [pushScope, pushScope],
  [readScope, readScope],
  [readScopeAlias, readScope],
]);

const maxLifetimeMs = 366 * 86_400_000;

/** Implements the method that creates tokens. */
export function createTokenMethods({
  clock,
  rules,
  signToken,
}: Pick<ServerParts, "clock" | "rules" | "signToken">): EmulatorMethods<"createToken"> {
  return {
    async createToken(request) {
      const nowMs = clock.now();
      const lifetimeMs = request.lifetime
        ? durationMsOf(request.lifetime, Math.ceil)
        : defaultTokenSeconds * 1000;
      const issuedAt = Math.floor(nowMs / 1000);
      const expiresAt = Math.ceil((nowMs + lifetimeMs) / 1000);
      requireValid(rules, CreateTokenRequestSchema, request, [
        ...problemsOfScopes(request.scopes),
        ...problemsOfLifetime(lifetimeMs, expiresAt),
      ]);
      const asked = request.scopes.length === 0 ? [pushScope, readScope] : request.scopes;
      const accessToken = await signToken({
        account: "emulator",
        asns: [...new Set(request.operators.map((operator) => asnOfParent(operator) as number))],
        scopes: [...new Set(asked.map((scope) => scopes.get(scope) as string))],
        issuedAt,
        lifetimeSeconds: expiresAt - issuedAt,
      });
      return create(TokenSchema, {
        accessToken,
        tokenType: "Bearer",
        expireTime: create(TimestampSchema, { seconds: BigInt(expiresAt) }),
      });
    },
  };
}

function problemsOfScopes(asked: readonly string[]): FieldViolation[] {
  return asked.flatMap((scope, index) =>
    scopes.has(scope)
      ? []
      : [
          {
            field: `scopes[${index}]`,
            description: `must be push, read, ${pushScope} or ${readScope}, but is ${quoteName(scope)}`,
          },
        ],
  );
}

function problemsOfLifetime(lifetimeMs: number, expiresAt: number): FieldViolation[] {
  if (!(lifetimeMs > 0 && lifetimeMs <= maxLifetimeMs)) {
    return [{ field: "lifetime", description: "must be more than 0s and at most 366 days, 31622400s" }];
  }
  return expiresAt * 1000 <= latestMs
    ? []
    : [
        {
          field: "lifetime",
          description: "must end by 9999-12-31T23:59:59Z: shorten it, or set the clock back",
        },
      ];
}
