import type { ComponentChildren } from "preact";
import { Clock_Mode as Mode } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { clock, connection, emulatedSecond, faults, registration } from "../emulator/emulator-state.ts";
import { faultsSummary } from "../emulator/fault-words.ts";
import { goTo, hrefOf } from "../ui/route.ts";
import { utcText } from "../ui/time-text.ts";
import type { Tone } from "../ui/tone.ts";

const modes: Readonly<Record<Mode, string>> = {
  [Mode.MODE_UNSPECIFIED]: "",
  [Mode.REAL]: "Real time",
  [Mode.SHIFTED]: "Clock shifted",
  [Mode.FROZEN]: "Clock frozen",
};

/** What is active in the emulator, on every page. Each part leads to what changes it. */
export function StatusBar() {
  if (connection.value) {
    return (
      <>
        <p class="status">
          <StatusLink section="emulator" tone="bad">
            Unreachable
          </StatusLink>
        </p>
        <p class="outage" role="alert">
          {connection.value.message}
        </p>
      </>
    );
  }
  if (!clock.value) {
    return <p class="status muted">Connecting…</p>;
  }
  const { mode } = clock.value;
  const injected = faultsSummary(faults.value);
  const isEnforced = registration.value?.enforced === true;
  return (
    <>
      <p class="status">
        <StatusLink section="emulator" tone="good">
          Live
        </StatusLink>
        <StatusLink section="clock" tone={mode === Mode.REAL ? "neutral" : "warn"}>
          {modes[mode]} <EmulatedTime />
        </StatusLink>
        <StatusLink section="errors" tone={faults.value.length > 0 ? "warn" : "neutral"}>
          {injected}
        </StatusLink>
        {isEnforced && (
          <StatusLink section="devices" tone="warn">
            Registration enforced
          </StatusLink>
        )}
      </p>
      {/* The line above ticks. Screen readers are told of changes here. */}
      <p class="visually-hidden" role="status">
        {[modes[mode], injected, isEnforced && "Registration enforced"].filter(Boolean).join(". ")}
      </p>
    </>
  );
}

type StatusLinkProps = {
  section: string;
  tone: Tone;
  children: ComponentChildren;
};

function StatusLink({ section, tone, children }: StatusLinkProps) {
  const href = hrefOf("controls", [section]);
  return (
    // Browsers do not go to a place where they are: the section may have been scrolled out of view.
    <a
      class={`chip ${tone}`}
      href={href}
      onClick={() => href === location.hash && goTo(href, { replace: true })}
    >
      {children}
    </a>
  );
}

/** The emulated time, which ticks on its own: nothing else is drawn again. No screen reader says it each second. */
function EmulatedTime() {
  const second = emulatedSecond.value;
  return (
    <time role="timer" aria-live="off" dateTime={new Date(second).toISOString()}>
      {utcText(second)}
    </time>
  );
}
