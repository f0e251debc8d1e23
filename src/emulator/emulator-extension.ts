import { EmulatorService } from "../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import type { ServerExtension, ServerParts } from "../server/server-extension.ts";
import { createConsolePages } from "./console/console-pages.ts";
import { acceptAnyToken } from "./control/any-token.ts";
import { createControlGate, isControlRequest } from "./control/control-gate.ts";
import { createEmulatorService } from "./emulator-service.ts";
import type { EmulatorState } from "./emulator-state.ts";
import { createFaultHook } from "./faults/apply-faults.ts";
import { createRecorder } from "./journal/recorder.ts";
import { createScenarioLoader, type EmulatorStart } from "./scenarios/scenario-loader.ts";

/** How an emulator differs from another. */
export type ExtensionOptions = {
  /** Accepts any access token, or none, for every operator. Defaults to false. */
  anyToken?: boolean | undefined;
  /** Lets other machines control the emulator. Defaults to false. */
  exposeControl?: boolean | undefined;
  /** What it has after its start and again after a reset. Defaults to nothing. */
  start?: EmulatorStart | undefined;
  /** Called when no request runs any more, before the store is closed. */
  stopped?: ((parts: ServerParts) => Promise<void>) | undefined;
};

/** Makes a server an emulator: it gets EmulatorService, and its calls are recorded and may go wrong. */
export function createEmulatorExtension(
  state: EmulatorState,
  { anyToken = false, exposeControl = false, stopped, start }: ExtensionOptions = {},
): ServerExtension {
  return {
    // Tests start it often, and most of them push nothing that is invalid.
    compilesRulesLate: true,
    async connect(parts) {
      const checkControl = createControlGate(exposeControl);
      const recorder = createRecorder(state.journal, parts.clock);
      const applyFaults = createFaultHook(state.faults, parts);
      const scenarios = createScenarioLoader(state, parts, start);
      await scenarios.start();
      return {
        services: [
          { service: EmulatorService, implementation: createEmulatorService(state, parts, scenarios) },
        ],
        page: createConsolePages(exposeControl),
        gate(checkCredentials) {
          const checkCaller = anyToken ? acceptAnyToken : checkCredentials;
          return (context) =>
            context.service === EmulatorService ? checkControl(context) : checkCaller(context);
        },
        isClosedToPages: isControlRequest,
        received: recorder.received,
        isReachable: (asn, userKey) => !state.devices.enforced || state.devices.isRegistered(asn, userKey),
        read: recorder.read,
        // What a push has stored and sent is recorded even if a fault cuts its answer.
        around: (method, call) => applyFaults(method, recorder.around(method, call)),
        ended: recorder.ended,
        stopped: async () => stopped?.(parts),
      };
    },
  };
}
