import { ClockSection } from "./clock/clock-section.tsx";
import { DevicesSection } from "./devices-section.tsx";
import { EmulatorSection } from "./emulator-section.tsx";
import { ErrorsSection } from "./errors/errors-section.tsx";
import { ScenarioFileSection } from "./scenarios/scenario-file-section.tsx";
import { ScenariosSection } from "./scenarios/scenarios-section.tsx";
import { TokensSection } from "./tokens-section.tsx";

/** What can be set in the emulator. */
export function ControlsPage() {
  return (
    <>
      <h1>Controls</h1>
      <div class="controls">
        <div class="controls-column">
          <ClockSection />
        </div>
        <div class="controls-column">
          <EmulatorSection />
          <DevicesSection />
        </div>
        <div class="controls-row">
          <ErrorsSection />
        </div>
        <div class="controls-column">
          <ScenariosSection />
        </div>
        <div class="controls-column">
          <ScenarioFileSection />
          <TokensSection />
        </div>
      </div>
    </>
  );
}
