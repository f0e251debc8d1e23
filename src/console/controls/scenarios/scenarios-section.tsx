import { useEffect, useState } from "preact/hooks";
import type { Scenario } from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { emulator } from "../../emulator/client.ts";
import { connection } from "../../emulator/emulator-state.ts";
import { useAction } from "../../emulator/use-action.ts";
import { ProblemBox } from "../../ui/problem-box.tsx";
import { Outcome, Section } from "../section.tsx";
import { recordsText } from "./scenario-problems.ts";

/** Lists the built-in scenarios and loads them. */
export function ScenariosSection() {
  const action = useAction();
  const scenarios = useScenarios();
  return (
    <Section id="scenarios" title="Scenarios">
      <p class="muted">Loading adds to what there is. To start from nothing, reset first.</p>
      <ul class="scenarios">
        {scenarios.map(({ scenarioId, description }) => (
          <li key={scenarioId} class="row">
            <button
              type="button"
              aria-label={`Load ${scenarioId}`}
              onClick={() =>
                action.run(async () => {
                  const { recordCount } = await emulator.loadScenario({
                    source: { case: "scenarioId", value: scenarioId },
                  });
                  return `Loaded ${scenarioId}: ${recordsText(recordCount)}.`;
                })
              }
            >
              Load
            </button>
            <div>
              <strong>{scenarioId}</strong>
              <div class="muted">{description}</div>
            </div>
          </li>
        ))}
      </ul>
      <ProblemBox problem={action.problem} title="The scenario was not loaded" />
      <Outcome text={action.outcome} />
    </Section>
  );
}

/** Lists the scenarios, which do not change while an emulator runs. */
function useScenarios(): readonly Scenario[] {
  const [found, setFound] = useState<readonly Scenario[]>([]);
  const isReachable = connection.value === undefined;
  useEffect(() => {
    if (isReachable && found.length === 0) {
      emulator.listScenarios({ pageSize: 1_000 }).then(
        ({ scenarios }) => setFound(scenarios),
        () => {}, // The page says already that the emulator does not answer.
      );
    }
  }, [isReachable, found]);
  return found;
}
