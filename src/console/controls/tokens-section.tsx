import { durationFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { useState } from "preact/hooks";
import type { Token } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { emulator } from "../emulator/client.ts";
import { expectedDuration, parseDuration } from "../emulator/durations.ts";
import { emulatedNow } from "../emulator/emulator-state.ts";
import { defaultOperator, operatorName } from "../emulator/resource-names.ts";
import { useAction } from "../emulator/use-action.ts";
import { CodeBox } from "../ui/code-box.tsx";
import { Field } from "../ui/field.tsx";
import { ProblemBox } from "../ui/problem-box.tsx";
import { utcText } from "../ui/time-text.ts";
import { pushLine, readLine } from "./command-lines.ts";
import { besides, useInvalidFocus, violationOf } from "./form-errors.ts";
import { Outcome, Section } from "./section.tsx";

/** Creates access tokens. They are kept in the memory of this page only. */
export function TokensSection() {
  const action = useAction();
  const [operators, setOperators] = useState(defaultOperator);
  const [scopes, setScopes] = useState<readonly string[]>(["push", "read"]);
  const [lifetime, setLifetime] = useState("1h");
  const [token, setToken] = useState<CreatedTokenProps>();
  const [isTried, setTried] = useState(false);
  const lifetimeMs = parseDuration(lifetime);
  const { form, fail } = useInvalidFocus();
  const submit = async (event: Event) => {
    event.preventDefault();
    setTried(true);
    const names = operators
      .split(/[\s,]+/)
      .filter(Boolean)
      .map(operatorName);
    if (lifetimeMs === undefined || scopes.length === 0) {
      fail();
      return;
    }
    const isCreated = await action.run(async () => {
      const created = await emulator.createToken({
        operators: names,
        scopes: [...scopes],
        lifetime: durationFromMs(lifetimeMs),
      });
      setToken({ token: created, operator: names[0] ?? "", scopes, nowMs: emulatedNow() });
      return "The token is below.";
    });
    if (!isCreated) {
      fail();
    }
  };
  return (
    <Section id="tokens" title="Tokens">
      <form ref={form} class="stack" onSubmit={submit} noValidate>
        <div class="row fields">
          <Field
            label="Operators"
            hint="Several: separate them by commas."
            error={violationOf(action.problem, "operators")}
          >
            {(attributes) => (
              <input
                {...attributes}
                value={operators}
                onInput={(event) => setOperators(event.currentTarget.value)}
              />
            )}
          </Field>
          <Field
            label="Lifetime"
            hint="By the clock of the emulator, at most 366d."
            error={
              isTried && lifetimeMs === undefined
                ? `must be ${expectedDuration}`
                : violationOf(action.problem, "lifetime")
            }
          >
            {(attributes) => (
              <input
                {...attributes}
                value={lifetime}
                onInput={(event) => setLifetime(event.currentTarget.value)}
              />
            )}
          </Field>
          <Scopes scopes={scopes} isTried={isTried} onChange={setScopes} />
        </div>
        <div class="row">
          <button type="submit" class="primary">
            Create a token
          </button>
        </div>
      </form>
      <ProblemBox problem={besides(action.problem, ["operators", "lifetime"])} title="No token was created" />
      <Outcome text={action.outcome} />
      {token && <CreatedToken {...token} />}
    </Section>
  );
}

type ScopesProps = {
  scopes: readonly string[];
  isTried: boolean;
  onChange: (scopes: readonly string[]) => void;
};

function Scopes({ scopes, isTried, onChange }: ScopesProps) {
  const isMissing = isTried && scopes.length === 0;
  return (
    <fieldset aria-describedby={isMissing ? "scopes-error" : undefined}>
      <legend>Scopes</legend>
      <div class="row">
        {["push", "read"].map((scope) => (
          <label key={scope} class="check">
            <input
              type="checkbox"
              aria-invalid={isMissing || undefined}
              checked={scopes.includes(scope)}
              onChange={(event) =>
                onChange(
                  event.currentTarget.checked ? [...scopes, scope] : scopes.filter((each) => each !== scope),
                )
              }
            />
            {scope}
          </label>
        ))}
      </div>
      {isMissing && (
        <small id="scopes-error" class="field-error">
          choose at least one scope
        </small>
      )}
    </fieldset>
  );
}

type CreatedTokenProps = {
  token: Token;
  /** The first of its operators. */
  operator: string;
  scopes: readonly string[];
  /** When it was created, by the clock of the emulator. */
  nowMs: number;
};

function CreatedToken({ token, operator, scopes, nowMs }: CreatedTokenProps) {
  const { accessToken, expireTime } = token;
  const line = { origin: location.origin, operator, token: accessToken };
  return (
    <div class="stack">
      <p>
        <strong>Access token</strong>
        {expireTime && `, valid until ${utcText(timestampMs(expireTime))}`}.{" "}
        <span class="muted">It is gone when you leave this page.</span>
      </p>
      <CodeBox label="Access token" text={accessToken} />
      {scopes.includes("push") && (
        <>
          <strong>Push with it</strong>
          <CodeBox label="Push with this token" text={pushLine({ ...line, nowMs })} />
        </>
      )}
      {scopes.includes("read") && (
        <>
          <strong>Read with it</strong>
          <CodeBox label="Read with this token" text={readLine(line)} />
        </>
      )}
    </div>
  );
}
