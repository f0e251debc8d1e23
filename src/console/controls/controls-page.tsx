import { ClockSection } from "./clock-section.tsx";
import { DevicesSection } from "./devices-section.tsx";
import { EmulatorSection } from "./emulator-section.tsx";
import { ErrorsSection } from "./errors-section.tsx";
import { ScenariosSection } from "./scenarios-section.tsx";
import { TokensSection } from "./tokens-section.tsx";

/** What can be set in the emulator. */
export function ControlsPage() {
  return (
    <>
      <h1>Controls</h1>
      <div class="controls">
        <EmulatorSection />
        <ClockSection />
        <ErrorsSection />
        <DevicesSection />
        <ScenariosSection />
        <TokensSection />
      </div>
    </>
  );
}
