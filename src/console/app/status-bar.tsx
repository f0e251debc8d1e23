import { Clock_Mode } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { clock, connection, faults, registration } from "../emulator/emulator-state.ts";
import { hrefOf } from "../ui/route.ts";

/** What is active in the emulator, on every page. */
export function StatusBar() {
  if (connection.value) {
    return (
      <p class="status" role="alert">
        The emulator does not answer: {connection.value.message}
      </p>
    );
  }
  const active = [
    modeText(clock.value?.mode),
    faults.value.length > 0 && `${faults.value.length} injected`,
    registration.value?.enforced && "registration enforced",
  ].filter(Boolean);
  return (
    <p class="status" role="status">
      {active.length > 0 ? <a href={hrefOf("controls")}>{active.join(" · ")}</a> : "Nothing is injected"}
    </p>
  );
}

function modeText(mode: Clock_Mode | undefined): string | undefined {
  switch (mode) {
    case Clock_Mode.FROZEN:
      return "clock frozen";
    case Clock_Mode.SHIFTED:
      return "clock shifted";
    default:
      return undefined;
  }
}
